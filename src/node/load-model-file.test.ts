import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { Tensor } from "../graph/tensor.ts";
import { Linear } from "../nn/linear.ts";
import { loadModelFile } from "./load-model-file.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-model-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a file into the folder; returns its path. */
function written(name: string, ...lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

/** What loading a file refuses with, without the folder. */
async function refusal(path: string): Promise<string> {
  const error = await loadModelFile(path).then(
    () => expect.unreachable(),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  const { message } = error as ConfigError;
  expect(message).not.toContain("\n");
  return message.replaceAll(`${folder}/`, "");
}

describe("a model file", () => {
  const javaScript = [
    'import { constant } from "latentkit";',
    'import { Linear } from "latentkit/nn";',
    'import { z } from "zod";',
    "const layer = new Linear(2, 3);",
    "export default { layer, y: layer.apply(constant([1, 2], [1, 2])).mul(2), config: z.strictObject({}) };",
  ];
  const typeScript = [
    'import { type Tensor, type ModelDefinition, DataSpec, constant } from "latentkit";',
    'import { Linear } from "latentkit/nn";',
    'import { z } from "zod";',
    "enum Side { In = 2, Out }",
    "interface Made { layer: Linear; y: Tensor; config: z.ZodType }",
    "const layer: Linear = new Linear(Side.In, Side.Out);",
    "const y = layer.apply(constant([1, 2], [1, 2])).mul(2) as Tensor;",
    "export default { layer, y, config: z.strictObject({}) } satisfies Made;",
  ];
  test.each([
    ["m.js", javaScript],
    ["m.mjs", javaScript],
    ["m.ts", typeScript],
    ["m.mts", typeScript],
  ])("%s gets the modules that run here", async (name, lines) => {
    const made = (await loadModelFile(written(name, ...lines))) as Record<string, unknown>;
    expect(made["layer"]).toBeInstanceOf(Linear);
    expect(made["y"]).toBeInstanceOf(Tensor);
    expect(made["config"]).toBeInstanceOf(z.ZodObject);
  });

  test("imports files and packages beside it", async () => {
    mkdirSync(join(folder, "node_modules/beside"), { recursive: true });
    written("node_modules/beside/package.json", '{ "name": "beside", "type": "module", "exports": "./index.js" }');
    written("node_modules/beside/index.js", "export const four = 4;");
    written("width.ts", "export const width: number = 3;");
    const lines = [
      'import { width } from "./width.ts";',
      'import { four } from "beside";',
      "export default width + four;",
    ];
    expect(await loadModelFile(written("imports.ts", ...lines))).toBe(7);
  });

  test("may wait for something, and be named by a link", async () => {
    const path = written("waits.ts", "const made: number = await Promise.resolve(5);", "export default made;");
    symlinkSync(path, join(folder, "link.ts"));
    expect(await loadModelFile(join(folder, "link.ts"))).toBe(5);
  });

  test("finds every entry of the package, also where its project has one of that name", async () => {
    const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, unknown> };
    const entries = Object.keys(exports).flatMap((subpath) => (subpath.endsWith(".json") ? [] : subpath.slice(1)));
    expect(entries.length).toBeGreaterThan(10);
    mkdirSync(join(folder, "node_modules/latentkit"), { recursive: true });
    written("node_modules/latentkit/index.js", "throw new Error('another version');");
    const imports = entries.map((entry, i) => `import * as e${i} from "latentkit${entry}";`);
    const counts = entries.map((_, i) => `Object.keys(e${i}).length`);
    const made = await loadModelFile(written("all.ts", ...imports, `export default [${counts.join()}];`));
    expect(Math.min(...(made as number[]))).toBeGreaterThan(0);
  });
});

describe("is refused in one line", () => {
  test("where it is missing, or no file, or of another kind", async () => {
    expect(await refusal(join(folder, "none.ts"))).toMatch(/^none\.ts: cannot read, got ENOENT/);
    mkdirSync(join(folder, "folder.ts"));
    expect(await refusal(join(folder, "folder.ts"))).toMatch(
      /^folder\.ts: cannot be loaded, got something that is no /,
    );
    expect(await refusal(written("model.py", "x = 1"))).toBe(
      "model.py: cannot be loaded, got .py, expected a module that exports a model by default (.ts, .mts, .js, .mjs)",
    );
  });

  test("where it exports nothing by default", async () => {
    expect(await refusal(written("named.ts", "export const model = {};"))).toBe(
      "named.ts: nothing is exported by default, expected export default model",
    );
  });

  test.each([
    [
      "a syntax error",
      ["const a: number = 1;", "const b = = 2;"],
      /^x\.ts:2: cannot be loaded, got ParseError: Unexpected token$/,
    ],
    [
      "an error",
      ["const a: number = 1;", "", "null.f();", "export default a;"],
      /^x\.ts:3: .*, got TypeError: Cannot read/,
    ],
    [
      "an error of Latentkit's",
      [
        'import { constant, Input } from "latentkit";',
        "",
        'export default new Input("x", [2]).matmul(constant([1, 2, 3], [3, 1]));',
      ],
      /^x\.ts:3: cannot be loaded, got ShapeError: matmul: .*\[2\]/,
    ],
    [
      "a setting out of range",
      ['import { vae } from "latentkit";', "export default vae.config.parse({ latentDim: -1 });"],
      /^x\.ts:2: cannot be loaded, got latentDim: Too small/,
    ],
    [
      "a file that is missing",
      ["", 'import { a } from "./nowhere.ts";', "export default a;"],
      /^x\.ts:\d: .*, got Cannot find module '\.\/nowhere\.ts'$/,
    ],
    [
      "a package that is missing",
      ["", 'import { a } from "nowhere";', "export default a;"],
      /^x\.ts:\d: .*, got Cannot find module 'nowhere'$/,
    ],
    [
      "a name that is not exported",
      ["", 'import { Liner } from "latentkit/nn";', "export default new Liner(2, 3);"],
      /^x\.ts:3: .*, got ReferenceError: latentkit\/nn: there is no export Liner, did you mean Linear\?$/,
    ],
    ["something that is no error", ["throw 'enough';"], /^x\.ts: cannot be loaded, got enough$/],
  ])("where it has %s", async (_, lines, message) => {
    expect(await refusal(written("x.ts", ...lines))).toMatch(message);
    rmSync(join(folder, "x.ts"));
  });

  test("where a file that it imports throws: that file's line", async () => {
    written("wrong.mts", "", "", "throw new Error('no\\nweights');");
    expect(await refusal(written("outer.ts", 'import "./wrong.mts";', "export default 1;"))).toMatch(
      /wrong\.mts:3: cannot be loaded, got no$/,
    );
  });
});
