import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as browser from "../src/browser/index.ts";
import * as core from "../src/index.ts";
import * as node from "../src/node/index.ts";
import * as runs from "../src/runs/index.ts";
import { root, SourceFolder } from "./page-program.ts";

/** An `@example` of a doc comment. */
interface Example {
  readonly place: string;
  readonly code: string;
}

function examplesOf(file: string): Example[] {
  const text = readFileSync(join(root, "src", file), "utf8");
  return [...text.matchAll(/^ *\/\*\*[^]*?\*\//gm)].flatMap(({ 0: comment, index }) => {
    const lines = comment.split("\n").map((line) => line.replace(/^ *(?:\/\*\*|\*\/|\* ?)/, "").replace(/ *\*\/$/, ""));
    return lines.flatMap((line, i) => {
      if (line.trim() !== "@example") return [];
      const rest = lines.slice(i + 1);
      const end = rest.findIndex((next) => next.startsWith("@"));
      const at = text.slice(0, index).split("\n").length + i;
      return [
        {
          place: `src/${file}:${at}`,
          code: rest
            .slice(0, end === -1 ? undefined : end)
            .join("\n")
            .trimEnd(),
        },
      ];
    });
  });
}

/** A statement of one line, with the value it has: `dataSpec([2]).kind; // "points"`. */
const valued =
  /^(?!const |let |for |if |import |export |class |interface |function |\/\/|[ })])(?<expression>.+); \/\/ (?<value>.+)$/gm;

/** What an example may use: all of the package, with runs on Node's platform but in a page. */
const entriesOf = ({ place }: Example): readonly (readonly [entry: string, exported: object])[] =>
  inPage(place)
    ? [
        ["latentkit/browser", browser],
        ["latentkit/runs", runs],
        ["latentkit", core],
      ]
    : [
        ["latentkit/node", node],
        ["latentkit", core],
      ];
const inPage = (place: string): boolean => place.startsWith("src/browser/");

/** The example as a module: names that the package exports are imported, and stated values are compared. */
function moduleOf(example: Example): string {
  const { code } = example;
  // A name behind a dot is a member's, but behind three it is spread.
  const names = new Set([...code.matchAll(/(?<!(?<!\.\.)\.)(?<![\w$"'])[A-Za-z_$][\w$]*/g)].map(([name]) => name));
  const found = new Set(
    [...code.matchAll(/\bconst (?:(?<one>[\w$]+)|[{[](?<several>[^=]*)[}\]] =)/g)].flatMap(({ groups }) =>
      groups!["one"] ? [groups!["one"]] : groups!["several"]!.split(",").map((part) => part.split(":").at(-1)!.trim()),
    ),
  );
  const imports = [...entriesOf(example), ["zod", { z: true }] as const].map(([entry, exported]) => {
    const used = Object.keys(exported).filter((name) => names.has(name) && !found.has(name));
    used.forEach((name) => found.add(name));
    return used.length === 0 ? "" : `import { ${used.join(", ")} } from "${entry}";\n`;
  });
  const body = code.replaceAll(
    valued,
    (_, expression: string, value: string) => `expectShown(${expression}, ${JSON.stringify(value)});`,
  );
  return `${imports.join("")}${shownSource}\n${body}\nexport {};\n`;
}

/** As examples write values: numbers to the digits given, arrays of any kind as [1, 2]. */
const shownSource = `
function expectShown(value: unknown, expected: string): void {
  const shown = shownOf(value);
  if (shown !== expected) throw new Error(\`got \${shown}, expected \${expected}\`);
}
function shownOf(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return \`[\${Array.from(value as Float32Array, shownOf).join(", ")}]\`;
  if (typeof value === "object" && value !== null)
    return \`{ \${Object.entries(value).map(([key, each]) => \`\${key}: \${shownOf(each)}\`).join(", ")} }\`;
  return String(value);
}`;

const examples = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .toSorted()
  .flatMap(examplesOf);

const folder = new SourceFolder();
const files = new Map<Example, string>();
const before = process.cwd();
beforeAll(() => {
  examples.forEach((example, i) => files.set(example, folder.write(`example-${i}.ts`, moduleOf(example))));
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});
afterAll(() => {
  vi.restoreAllMocks();
  process.chdir(before);
  folder.remove();
});

describe("@example", () => {
  test("they type-check", () => {
    expect(folder.typeErrors()).toBe("");
  });

  const runnable = examples.filter(({ place }) => !inPage(place)).map((example) => [example.place, example] as const);
  test.each(runnable)("%s runs", async (_, example) => {
    const file = files.get(example)!;
    // What it writes, it writes into a folder of its own.
    const place = file.replace(/\.ts$/, "");
    mkdirSync(place);
    process.chdir(place);
    await import(pathToFileURL(file).href);
  });
});
