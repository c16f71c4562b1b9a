import { readFileSync } from "node:fs";
import { relative } from "node:path";
import ts from "typescript";
import { keyOf, type Mutant } from "./mutant.ts";

/** A change of a node: the text in place of all of it, or of a part. */
interface Change {
  readonly at: ts.Node;
  readonly after: string;
}

const binary: Readonly<Partial<Record<ts.SyntaxKind, string>>> = {
  [ts.SyntaxKind.PlusToken]: "-",
  [ts.SyntaxKind.MinusToken]: "+",
  [ts.SyntaxKind.AsteriskToken]: "/",
  [ts.SyntaxKind.SlashToken]: "*",
  [ts.SyntaxKind.PercentToken]: "*",
  [ts.SyntaxKind.AsteriskAsteriskToken]: "*",
  [ts.SyntaxKind.PlusEqualsToken]: "-=",
  [ts.SyntaxKind.MinusEqualsToken]: "+=",
  [ts.SyntaxKind.AsteriskEqualsToken]: "/=",
  [ts.SyntaxKind.SlashEqualsToken]: "*=",
  [ts.SyntaxKind.LessThanToken]: "<=",
  [ts.SyntaxKind.LessThanEqualsToken]: "<",
  [ts.SyntaxKind.GreaterThanToken]: ">=",
  [ts.SyntaxKind.GreaterThanEqualsToken]: ">",
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: "!==",
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: "===",
  [ts.SyntaxKind.AmpersandAmpersandToken]: "||",
  [ts.SyntaxKind.BarBarToken]: "&&",
};

/** Functions of Math by those that take their place; "" leaves the argument. */
const mathFunctions: Readonly<Record<string, string>> = {
  max: "min",
  min: "max",
  floor: "ceil",
  ceil: "floor",
  round: "floor",
  sqrt: "",
  abs: "",
  exp: "expm1",
  expm1: "exp",
  log: "log1p",
  log1p: "log",
  log2: "log",
  log10: "log",
  cos: "sin",
  sin: "cos",
};

/** Methods of tensors likewise. */
const tensorMethods: Readonly<Record<string, string>> = { add: "sub", sub: "add", mul: "div", div: "mul", neg: "" };
const tensorTypes = new Set(["Tensor", "Variable", "Input", "Noise"]);

/** Operations on tensors by those that take their place where the file imports them; else the argument does. */
const operations: Readonly<Record<string, string>> = {
  mean: "sum",
  sum: "mean",
  maximum: "minimum",
  minimum: "maximum",
  logSumExp: "logMeanExp",
  logMeanExp: "logSumExp",
  softmax: "logSoftmax",
  logSoftmax: "softmax",
};
const unwrapped = new Set(["stopGradient", "square", "abs", "exp", "log", "sqrt", "sigmoid", "softplus", "tanh"]);

/** Every mutant of these files' function bodies, outside of strings, error messages, help texts and types. */
export function mutantsOf(files: readonly string[], root: string): readonly Mutant[] {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  return files.flatMap((file) => {
    const source = program.getSourceFile(file)!;
    return inFile(source, changesIn(source, checker), relative(root, file));
  });
}

function inFile(source: ts.SourceFile, changes: readonly Change[], file: string): readonly Mutant[] {
  const text = readFileSync(source.fileName, "utf8");
  const lines = text.split("\n");
  const seen = new Map<string, number>();
  return changes.map(({ at, after }): Mutant => {
    const [start, end] = [at.getStart(source), at.getEnd()];
    const line = source.getLineAndCharacterOfPosition(start).line;
    const code = lines[line]!.trim();
    const before = text.slice(start, end);
    const key = keyOf({ file, code, before, after, occurrence: 0 });
    const occurrence = seen.get(key) ?? 0;
    seen.set(key, occurrence + 1);
    return { file, line: line + 1, start, end, before, after, code, occurrence };
  });
}

function changesIn(source: ts.SourceFile, checker: ts.TypeChecker): readonly Change[] {
  const changes: Change[] = [];
  const imported = importedNames(source);
  const visit = (node: ts.Node, inBody: boolean): void => {
    if (isText(node)) return;
    if (inBody) changes.push(...changesOf(node, checker, imported));
    ts.forEachChild(node, (child) =>
      visit(child, inBody || (ts.isFunctionLike(node) && (node as ts.FunctionLikeDeclaration).body === child)),
    );
  };
  visit(source, false);
  return changes;
}

function importedNames(source: ts.SourceFile): ReadonlySet<string> {
  const names = source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement)) return [];
    const bindings = statement.importClause?.namedBindings;
    return bindings && ts.isNamedImports(bindings) ? bindings.elements.map(({ name }) => name.text) : [];
  });
  return new Set(names);
}

/** What no number depends on: strings, messages of errors, help texts, types, imports. */
function isText(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isThrowStatement(node)) return true;
  if (ts.isTemplateExpression(node) || ts.isStringLiteralLike(node) || ts.isInterfaceDeclaration(node)) return true;
  if (ts.isNewExpression(node)) return node.expression.getText().endsWith("Error");
  return ts.isCallExpression(node) && node.expression.getText().endsWith(".describe");
}

function changesOf(node: ts.Node, checker: ts.TypeChecker, imported: ReadonlySet<string>): readonly Change[] {
  if (ts.isBinaryExpression(node)) return ofBinary(node, checker);
  if (ts.isCallExpression(node)) return ofCall(node, checker, imported);
  if (ts.isNumericLiteral(node)) return [{ at: node, after: String(Number(node.text) + 1) }];
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [{ at: node, after: "false" }];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [{ at: node, after: "true" }];
  if (ts.isPrefixUnaryExpression(node)) {
    const { operator, operand } = node;
    const removable = operator === ts.SyntaxKind.MinusToken || operator === ts.SyntaxKind.ExclamationToken;
    return removable ? [{ at: node, after: operand.getText() }] : [];
  }
  if (ts.isIfStatement(node)) return [{ at: node.expression, after: `!(${node.expression.getText()})` }];
  if (ts.isConditionalExpression(node)) return [{ at: node.condition, after: `!(${node.condition.getText()})` }];
  if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) return [{ at: node, after: ";" }];
  return [];
}

function ofBinary(node: ts.BinaryExpression, checker: ts.TypeChecker): readonly Change[] {
  const after = binary[node.operatorToken.kind];
  if (after === undefined) return [];
  const joins = /^(\+|\+=)$/.test(node.operatorToken.getText());
  const isString = (part: ts.Expression): boolean =>
    (checker.getTypeAtLocation(part).flags & ts.TypeFlags.StringLike) !== 0;
  return joins && (isString(node.left) || isString(node.right)) ? [] : [{ at: node.operatorToken, after }];
}

function ofCall(node: ts.CallExpression, checker: ts.TypeChecker, imported: ReadonlySet<string>): readonly Change[] {
  const { expression: callee, arguments: given } = node;
  const first = given[0]?.getText();
  if (ts.isPropertyAccessExpression(callee)) {
    const { name, expression: of } = callee;
    if (of.getText() === "Math") {
      const other = mathFunctions[name.text];
      if (other === undefined) return [];
      return other === "" ? [{ at: node, after: `(${first})` }] : [{ at: name, after: other }];
    }
    const other = tensorMethods[name.text];
    if (other === undefined || !tensorTypes.has(checker.getTypeAtLocation(of).symbol?.name ?? "")) return [];
    return other === "" ? [{ at: node, after: of.getText() }] : [{ at: name, after: other }];
  }
  if (!ts.isIdentifier(callee) || !imported.has(callee.text) || first === undefined) return [];
  const other = operations[callee.text];
  if (other !== undefined && imported.has(other)) return [{ at: callee, after: other }];
  return unwrapped.has(callee.text) ? [{ at: node, after: `(${first})` }] : [];
}
