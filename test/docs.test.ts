import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ZodType } from "zod";
import { trainOptions } from "../src/cli/options/train-options.ts";
import { digitsSource } from "../src/data/generators/digits.ts";
import type { ModelDefinition } from "../src/models/definition.ts";
import { registry } from "../src/models/registry.ts";
import { loadModelFile } from "../src/node/load-model-file.ts";
import { nodePlatform } from "../src/node/platform.ts";
import { train } from "../src/node/train.ts";
import { memoryStores } from "../src/runs/storage/memory-store.ts";
import { startRun } from "../src/runs/start-run.ts";
import { settingsOf, settingText } from "../src/settings-schema.ts";
import { follow } from "./follow-training.ts";
import { operationRows } from "./operation-rows.ts";
import { blocksOf, PageProgram, root, SourceFolder } from "./page-program.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const pages = ["README.md", ...readdirSync(join(root, "docs")).map((name) => `docs/${name}`)].filter((path) =>
  path.endsWith(".md"),
);

/** The rows of the first table under a heading. */
const tableUnder = (page: string, heading: string): string[] => {
  const lines = read(page).split("\n");
  const at = lines.indexOf(heading);
  if (at < 0) throw new Error(`${page}: no heading ${heading}`);
  const section = lines.slice(
    at + 1,
    lines.findIndex((line, i) => i > at && /^##+ /.test(line)),
  );
  const rows = section.slice(section.findIndex((line) => line.startsWith("| --- |")) + 1);
  // Of nothing, no table.
  return rows.length === section.length ? [] : rows.slice(0, rows.indexOf(""));
};

/** Pages whose `ts` blocks are one program. */
const programs = ["docs/data.md", "docs/how-it-works.md", "docs/models.md", "docs/own-model.md", "docs/package.md"];

const folder = new SourceFolder();
afterAll(() => folder.remove());

describe.each(programs)("%s", (path) => {
  const program = new PageProgram(path, folder);
  const { code, blocks } = program;
  beforeAll(() => program.run());

  test.each(code.map((block) => [block.from + 1, block] as const))(
    "the code at line %i prints what stands under it",
    (_, block) => {
      expect(program.printed(block)).toBe(program.promised(block));
    },
  );

  test("every text on it is what code printed", () => {
    const shown = code.filter((block) => program.promised(block) !== "").length;
    expect(blocks.filter(({ language }) => language === "text")).toHaveLength(shown);
  });
});

// Together: the compiler checks all of src for each program by itself.
test("the code of all pages type-checks", () => {
  expect(folder.typeErrors()).toBe("");
});

test("every page with TypeScript on it runs here", () => {
  const withCode = pages.filter((path) => blocksOf(read(path)).some(({ language }) => language === "ts"));
  expect(withCode).toEqual(programs);
});

describe("docs/own-model.md", () => {
  test("shows the example as it is", () => {
    const first = blocksOf(read("docs/own-model.md")).find(({ language }) => language === "ts");
    expect(`${first?.text}\n`).toBe(read("examples/my-model.ts"));
  });

  test("has every operation", () => {
    expect(tableUnder("docs/own-model.md", "## Operations")).toEqual(operationRows());
  });

  test.each(["wgan-gp", "real-nvp", "ddpm"])(
    "shows %s as it is, which trains and samples as a model file",
    async (name) => {
      const file = read(`examples/${name}.ts`);
      const shown = blocksOf(read("docs/own-model.md")).filter(({ language }) => language === "typescript");
      expect(shown.map(({ text }) => `${text}\n`)).toContain(file);
      const definition = (await loadModelFile(join(root, `examples/${name}.ts`))) as ModelDefinition;
      expect(definition.name).toBe(name);
      expect(file.slice(0, file.indexOf("class "))).toContain(definition.paper);
      const choice = { definition, config: name === "ddpm" ? { steps: 10 } : {} };
      const settings = { device: "cpu", threads: 1, steps: 4, batchSize: 20, ema: 0.9 } as const;
      const run = await train(choice, "toy:8gaussians:200", settings);
      const samples = await run.sample(10);
      expect(samples.length).toBe(20);
      expect(samples.every(Number.isFinite)).toBe(true);
      await run.release();
    },
  );

  test("the example trains as a model file", async () => {
    const definition = (await loadModelFile(join(root, "examples/my-model.ts"))) as ModelDefinition;
    const training = await startRun(
      {
        definition,
        config: { latentDim: 4, hiddenDim: 64 },
        settings: { device: "cpu", threads: 1, steps: 100, batchSize: 50, learningRate: 3e-3 },
        data: "digits",
        binarize: "auto",
        seed: 0,
      },
      { out: "my-model", source: await digitsSource({ size: 500 }) },
      { ...nodePlatform, openStore: memoryStores() },
    );
    const events = await follow(training);
    const [first, last] = [events.find(({ kind }) => kind === "step"), events.at(-1)];
    const before = first?.kind === "step" ? first.metrics!["loss"]! : 0;
    const after = last?.kind === "done" ? last.metrics.test["negElbo"]! : Infinity;
    // A half of 784 pixels' log 2.
    expect(before).toBeGreaterThan(500);
    expect(after).toBeLessThan(before / 2);
    await training.close();
  });
});

describe("README.md", () => {
  test("shows the example as it is, in 10 lines or fewer", () => {
    const example = blocksOf(read("README.md")).find(({ language }) => language === "js");
    expect(`${example?.text}\n`).toBe(read("examples/train-vae.mjs"));
    expect(example!.text.split("\n").length).toBeLessThanOrEqual(10);
  });
});

describe("settings", () => {
  /** A table as the page should have it: every setting with its default, range and meaning, in their order. */
  const tableOf = (schema: ZodType, nameOf: (key: string) => string): string[] =>
    settingsOf(schema).map(({ key, default: standard, expected, description }) => {
      const off = standard === undefined ? "not set" : settingText(standard);
      const cells = [`\`${nameOf(key)}\``, off, expected, description];
      // A bar would end the table's cell.
      return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    });

  test.each(registry)("docs/models.md has every setting of $name", ({ name, config }) => {
    expect(tableUnder("docs/models.md", `### Settings of ${name}`)).toEqual(tableOf(config, (key) => key));
  });

  test("docs/command-line.md has every option of train", () => {
    const flag = (key: string): string => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    expect(tableUnder("docs/command-line.md", "## train")).toEqual(tableOf(trainOptions, flag));
  });
});

test.each(pages)("%s links to files that exist", (path) => {
  const targets = [...read(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target!);
  const missing = targets.filter((target) => !existsSync(join(root, dirname(path), target)));
  expect(missing).toEqual([]);
});
