import { join } from "node:path";
import ts from "typescript";
import { Tensor } from "../src/graph/tensor.ts";
import { root } from "./page-program.ts";

/** A parameter as it is declared, with names of types; of options only their names. */
function parameterText(parameter: ts.Symbol, checker: ts.TypeChecker): string {
  const declaration = parameter.valueDeclaration as ts.ParameterDeclaration;
  const optional = (declaration.questionToken ?? declaration.initializer) ? "?" : "";
  if (ts.isObjectBindingPattern(declaration.name)) {
    const options = checker.getPropertiesOfType(checker.getTypeOfSymbol(parameter)).map(({ name }) => name);
    return `{ ${options.join(", ")} }${optional}`;
  }
  const type = declaration.type?.getText() ?? checker.typeToString(checker.getTypeOfSymbol(parameter));
  return `${parameter.name}${optional}: ${type.replace("readonly number[] | number", "Axes").replaceAll("readonly ", "").replace(/^N$/, "number")}`;
}

/** A row of a table for each function that src/ops/index.ts exports, by name: its parameters, the method where it is one, its description. */
export function operationRows(): readonly string[] {
  const index = join(root, "src/ops/index.ts");
  const program = ts.createProgram([index], {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(index)!;
  const rows = checker.getExportsOfModule(checker.getSymbolAtLocation(file)!).flatMap((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const [signature] = checker.getSignaturesOfType(checker.getTypeOfSymbol(symbol), ts.SignatureKind.Call);
    if (!(symbol.flags & ts.SymbolFlags.Value) || !signature) return [];
    const typed = signature.getParameters().map((parameter) => parameterText(parameter, checker));
    const meaning = ts.displayPartsToString(symbol.getDocumentationComment(checker)).replaceAll(/\s+/g, " ");
    const method = exported.name in Tensor.prototype ? `\`x.${exported.name}\`` : "";
    const cells = [`\`${exported.name}(${typed.join(", ")})\``, method, meaning].map((cell) =>
      cell.replaceAll("|", "\\|"),
    );
    return [`| ${cells.join(" | ")} |`.replaceAll("|  |", "| |")];
  });
  return rows.toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
}
