import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Finished, install, type Installed } from "./install.ts";
import { refusalOf } from "./outcomes.ts";

let latentkit: Installed;
const inside = (...path: string[]): string => join(latentkit.folder, ...path);
beforeAll(() => {
  latentkit = install();
});
afterAll(() => latentkit.remove());
/** In a process of its own: a model file can end it, and is loaded once by each. */
const run = (...args: readonly string[]): Promise<Finished> => latentkit.start(...args).finished;

/** A model file: one mean, and what `change` makes of the model. */
const source = (change = "{}", { name = "own", config = "{ a: z.number().default(1) }" } = {}): string => `
import { mean, Variable } from "latentkit";
import { defineModel } from "latentkit/models";
import * as nn from "latentkit/nn";
import { z } from "zod";
export default defineModel({
  name: "${name}",
  summary: "A mean",
  paper: "none",
  config: z.strictObject(${config}),
  build(_, { shape }) {
    const w = new Variable(shape, { kind: "constant", value: 0 });
    const squares = (x) => x.sub(w).mul(x.sub(w));
    const model = {
      w,
      objectives: ({ x }) => [{ name: "loss", loss: mean(squares(x)), parameters: nn.parameters({ w }), metrics: {} }],
      validation: (x) => ({ mse: squares(x).reshape([x.shape[0], -1]).mean([1]) }),
    };
    return { ...model, ...(${change}) };
  },
});
`;
const small = "--data digits:100 --batch-size 20 --steps 2 --threads 1 --device cpu".split(" ");

/** Runs a command that must fail in one line, and gives back that line. */
const refusal = async (...args: readonly string[]): Promise<string> => refusalOf(await run(...args));

test.each<readonly [string, string, RegExp]>([
  ["ends the program", "process.exit(0);", /^x\.mjs: cannot be loaded, got the end of the program while it loads, /],
  ["waits for nothing", "await new Promise(() => {});", /^x\.mjs: cannot be loaded, got the end of the program /],
  ["exports null", "export default null;", /^x\.mjs: its default export is no model definition, got null, /],
  [
    "has a setting without default",
    source("{}", { config: "{ a: z.number() }" }),
    /^x\.mjs: a setting has no default, got none for a, /,
  ],
  [
    "throws in build",
    source('(() => { throw new Error("boom"); })()'),
    /x\.mjs: build throws, got boom, expected a model$/,
  ],
  [
    "uses what there is not",
    `import { slyce } from "latentkit";${source("{ logProb: slyce }")}`,
    /x\.mjs: build throws, got latentkit: there is no export slyce, did you mean slice\?, expected a model$/,
  ],
  [
    "has no objectives",
    source("{ objectives: () => undefined }"),
    /x\.mjs: objectives gives nothing to minimize, got nothing, /,
  ],
  [
    "has options that are flags",
    source(
      "{ sampler: { options: z.object({ count: z.int().default(1) }), schedule: () => [], start: () => ({}), finish: () => w } }",
    ),
    /x\.mjs: the name of a sampler's option is taken, got count, /,
  ],
])("a file that %s is refused in one line, and leaves nothing", async (_, text, message) => {
  writeFileSync(inside("x.mjs"), text);
  expect(await refusal("train", "x.mjs", ...small, "--out", "refused")).toMatch(message);
  expect(existsSync(inside("refused"))).toBe(false);
});

test("an edited file: named once, it is the run's", async () => {
  const fileOf = (name: string): string =>
    z
      .object({ modelFile: z.object({ path: z.string() }) })
      .parse(JSON.parse(readFileSync(inside(name, "run.json"), "utf8"))).modelFile.path;
  const own = inside("own.mjs");
  writeFileSync(own, source());
  expect((await run("train", "own.mjs", ...small, "--out", "run")).code).toBe(0);

  appendFileSync(own, "// longer\n");
  const resumed = await run("train", "own.mjs", "--out", "run", "--resume", "--steps", "4");
  expect(resumed).toMatchObject({ code: 0 });
  expect((await run("evaluate", "run")).code).toBe(0);

  appendFileSync(own, "// and longer\n");
  const remedy = "once: latentkit evaluate run --model FILE";
  expect(await refusal("evaluate", "run")).toMatch(new RegExp(`^run: its model file has changed, .*${remedy}$`));
  expect(await refusal("train", "vae", "--data", "codes:run")).toMatch(/^run: its model file has changed, /);
  renameSync(own, inside("moved.mjs"));
  expect(await refusal("evaluate", "run")).toMatch(new RegExp(`^run: its model file is missing, .*${remedy}$`));
  expect((await run("evaluate", "run", "--model", "moved.mjs")).code).toBe(0);
  expect(fileOf("run")).toBe(inside("moved.mjs"));
  expect((await run("evaluate", "run")).code).toBe(0);

  writeFileSync(inside("other.mjs"), source("{}", { name: "other" }));
  const other = "run: is of model own, got other, expected a file of own";
  expect(await refusal("evaluate", "run", "--model", "other.mjs")).toBe(other);
  expect(await refusal("train", "other.mjs", "--out", "run", "--resume")).toBe(other);
});

test("search and compare take a file", async () => {
  writeFileSync(inside("own.mjs"), source());
  const few = "--data digits:100 --steps 2 --threads 1 --device cpu".split(" ");
  const search = await run("search", "./own.mjs", ...few, "--set", "a=1,2", "--metric", "mse", "--json");
  expect(search).toMatchObject({ code: 0 });
  expect(search.stdout).toContain('"run":"runs/search-own/trial-2"');
  expect(readFileSync(inside("runs/search-own/trial-1/run.json"), "utf8")).toContain('"modelFile"');
  // Frechet distances of 128 features need as many test examples.
  const more = "--data digits:1500 --steps 2 --threads 1 --device cpu --generated 200".split(" ");
  const compare = await run("compare", "./own.mjs:a=2", "./own.mjs", ...more, "--json");
  expect(compare).toMatchObject({ code: 0 });
  expect(compare.stdout).toContain('"label":"own a=2"');
});
