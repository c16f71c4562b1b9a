/** The modules of src, without tests, and what they import. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, posix } from "node:path";

export interface Source {
  /** From src, with slashes. */
  readonly file: string;
  readonly text: string;
}

export interface Import {
  /** As it is written. */
  readonly target: string;
  readonly line: number;
  /** `import()`: loaded when it is reached, not before the module. */
  readonly dynamic: boolean;
}

export const sources: readonly Source[] = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => ({ file, text: readFileSync(`src/${file}`, "utf8") }));

/** `import ... from "x"`, `export ... from "x"`, `import "x"` and `import("x")`, types included, with their lines. */
export function importsOf({ text }: Source): readonly Import[] {
  const statement =
    /^(?:import|export)\b(?:[^;"'`]*?\bfrom)?\s*["'](?<from>[^"']+)["']|\bimport\(\s*["'](?<dynamic>[^"']+)["']/gm;
  return [...text.matchAll(statement)].map(({ index, groups }) => ({
    target: (groups!["from"] ?? groups!["dynamic"])!,
    line: lineAt(text, index),
    dynamic: groups!["dynamic"] !== undefined,
  }));
}

export const lineAt = (text: string, index: number): number => text.slice(0, index).split("\n").length;
export const isRelative = (target: string): boolean => target.startsWith(".");
export const resolved = (file: string, target: string): string => posix.join(dirname(file), target);

/** The sets of modules that import each other in a circle, each in order, types included (Tarjan's components of more than one). */
export function cycles(modules: readonly Source[]): readonly (readonly string[])[] {
  const targets = new Map(
    modules.map((source) => [
      source.file,
      importsOf(source)
        .filter(({ target, dynamic }) => isRelative(target) && !dynamic)
        .map(({ target }) => resolved(source.file, target)),
    ]),
  );
  const order = new Map<string, number>();
  const open: string[] = [];
  const found: string[][] = [];
  /** The earliest module still open that one leads back to. */
  const visit = (file: string): number => {
    const own = order.size;
    order.set(file, own);
    open.push(file);
    let earliest = own;
    for (const target of targets.get(file) ?? []) {
      if (!order.has(target)) earliest = Math.min(earliest, visit(target));
      else if (open.includes(target)) earliest = Math.min(earliest, order.get(target)!);
    }
    if (earliest === own) {
      const component = open.splice(open.indexOf(file));
      if (component.length > 1 || targets.get(file)?.includes(file)) found.push(component.toSorted());
    }
    return earliest;
  };
  for (const file of targets.keys()) if (!order.has(file)) visit(file);
  return found;
}
