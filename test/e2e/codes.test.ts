import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNpy } from "../../src/data/formats/npy.ts";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { install, type Installed } from "./install.ts";
import { outputOf, refusalOf } from "./outcomes.ts";
import { peopleTable } from "./people-table.ts";

// Models trained on the codes of a run: what they sample are examples of that run's data.
let latentkit: Installed;
const inside = (...path: string[]): string => join(latentkit.folder, ...path);

const output = async (...args: readonly string[]): Promise<string> => outputOf(await latentkit.run(...args));
const json = async (...args: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await output(...args, "--json")) as Record<string, unknown>;

const refusal = async (...args: readonly string[]): Promise<string> => refusalOf(await latentkit.run(...args));
/** Of a command that may report its progress on stderr, where the machine is slow. */
async function progressing(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout } = await latentkit.run(...args, "--json");
  expect(code).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}
const array = async (file: string) => readNpy((await openFile(inside(file)))!);
const short = "--batch-size 50 --threads 1 --device cpu --json".split(" ");

beforeAll(async () => {
  latentkit = install();
  writeFileSync(inside("people.csv"), peopleTable(600));
  const net = ["--set", "hiddenDims=64", "--set", "latentDim=4"];
  await output(
    "train",
    "vae",
    "--data",
    "people.csv",
    "--steps",
    "1000",
    ...short,
    ...net,
    "--learning-rate",
    "3e-3",
    "--out",
    "people",
  );
  const small = ["--set", "width=64", "--set", "depth=2"];
  await output("train", "diffusion", "--data", "codes:people", "--steps", "800", ...short, ...small, "--out", "rows");
  await output("train", "vae", "--data", "codes:people", "--steps", "200", ...short, "--out", "prior");
  const image = ["--set", "network=mlp", "--set", "hiddenDims=64", "--set", "latentDim=4"];
  await output("train", "ae", "--data", "digits:600", "--steps", "300", ...short, ...image, "--out", "ae");
  await output("train", "cvae", "--data", "codes:ae", "--steps", "300", ...short, "--out", "digits");
});
afterAll(() => latentkit.remove());

describe("samples of a run trained on codes", () => {
  test("of a table are its rows: categories, whole numbers and gaps as the data have them", async () => {
    expect(await json("sample", "rows", "--count", "300", "--marginals", "model")).toMatchObject({
      file: "rows/samples/samples.csv",
    });
    const [header, ...rows] = readFileSync(inside("rows/samples/samples.csv"), "utf8").trimEnd().split("\n");
    expect(header).toBe("age,job,income,member");
    expect(rows).toHaveLength(300);
    const fields = rows.map((row) => row.split(","));
    for (const [age, job, income, member] of fields) {
      expect(age).toMatch(/^\d+$/);
      expect(["clerk", "cook", "pilot", ""]).toContain(job);
      expect(income).toMatch(/^-?\d+(\.\d)?$/);
      expect(["yes", "no"]).toContain(member);
    }
    // A fifth of the jobs is missing, which is a value of its own.
    const missing = fields.filter(([, job]) => job === "").length / 300;
    expect(missing).toBeGreaterThan(0.1);
    expect(missing).toBeLessThan(0.35);
    // The columns depend on each other through the codes: pilots earn more, by 40 on average.
    const incomeOf = (wanted: string): number => {
      const found = fields.filter(([, job]) => job === wanted);
      return found.reduce((sum, [, , income]) => sum + Number(income), 0) / found.length;
    };
    expect(incomeOf("pilot") - incomeOf("clerk")).toBeGreaterThan(20);
  });

  test("are those of --prior, and with --codes the codes, which decode gives the same", async () => {
    await json("sample", "digits", "--count", "20", "--label", "7", "--out", "own.npy");
    await json("sample", "ae", "--prior", "digits", "--count", "20", "--label", "7", "--out", "prior.npy");
    const own = await array("own.npy");
    expect(own.shape).toEqual([20, 1, 28, 28]);
    expect(own.values).toEqual((await array("prior.npy")).values);
    const codes = await json("sample", "digits", "--codes", "--count", "20", "--label", "7", "--out", "codes.npy");
    expect(codes["shape"]).toEqual([20, 4]);
    const { standardization } = (
      JSON.parse(readFileSync(inside("digits/run.json"), "utf8")) as {
        parent: { standardization: { z: { mean: number[]; std: number[] } } };
      }
    ).parent;
    const { mean, std } = standardization.z;
    const z = (await array("codes.npy")).values.map((v, i) => v * std[i % 4]! + mean[i % 4]!);
    writeFileSync(inside("z.npy"), Buffer.concat(encodeNpy([20, 4], Float32Array.from(z))));
    await json("decode", "ae", "z.npy", "--out", "decoded.npy");
    const decoded = (await array("decoded.npy")).values;
    expect(Math.max(...decoded.map((v, i) => Math.abs(v - own.values[i]!)))).toBeLessThanOrEqual(1);
  });

  test("of images are a picture, a column for each class of a conditional prior", async () => {
    await json("sample", "digits", "--count", "50");
    const { width, height } = decode(readFileSync(inside("digits/samples/samples.png")));
    expect([width, height]).toEqual([2 * (10 * 30 + 2), 2 * (5 * 30 + 2)]);
    // An array has the classes as often as the data, beside it.
    const { index } = (await json("sample", "digits", "--count", "50", "--out", "all.npy")) as { index: string };
    const classes = readFileSync(inside(index), "utf8").trimEnd().split("\n").slice(1);
    expect(new Set(classes.map((line) => line.split(",")[1])).size).toBe(10);
  });

  test("go through a prior of the run's own codes too", async () => {
    const found = await json("sample", "digits", "--prior", "gmm:2", "--label", "3", "--count", "9");
    expect(found).toMatchObject({ shape: [9, 1, 28, 28], prior: { density: "gmm:2" } });
  });

  test("are refused where they cannot be had", async () => {
    expect(await refusal("sample", "ae", "--codes", "--prior", "gmm:2")).toBe(
      "--codes: ae gives no codes, got a run trained on digits:600, expected one trained on --data codes:RUN",
    );
    expect(await refusal("sample", "rows", "--out", "rows.png")).toMatch(
      /--out: .*expected a name that ends in .csv or .npy/,
    );
    expect(await refusal("sample", "rows", "--codes", "--out", "rows.csv")).toMatch(
      /expected a name that ends in .npy/,
    );
    expect(await refusal("sample", "rows", "--label", "yes")).toMatch(/^--label: /);
    renameSync(inside("people"), inside("elsewhere"));
    try {
      expect(await refusal("sample", "rows")).toMatch(
        /^rows: its parent run cannot be opened: people: not a run folder.*; a relative path starts where training was started$/,
      );
      expect((await json("sample", "rows", "--codes"))["shape"]).toEqual([64, 4]);
      await output(
        "train",
        "vae",
        "--data",
        "people.csv",
        "--steps",
        "400",
        "--seed",
        "1",
        ...short,
        "--set",
        "hiddenDims=64",
        "--set",
        "latentDim=4",
        "--out",
        "people",
      );
      expect(await refusal("sample", "rows")).toMatch(
        /^rows: its parent run people has changed, got no checkpoint of step \d+, expected weights [0-9a-f]{12} of step \d+$/,
      );
    } finally {
      rmSync(inside("people"), { recursive: true });
      renameSync(inside("elsewhere"), inside("people"));
    }
  });
});

describe("metrics of a run trained on codes", () => {
  test("of samples are of its rows against the parent's, those of examples of codes", async () => {
    const flags = ["--metrics", "scores,table-quality", "--generated", "500", "--split", "train"];
    const { metrics } = (await progressing("evaluate", "prior", ...flags)) as {
      metrics: Record<string, { results: { name: string; of?: string; value: number }[]; conditions: object }>;
    };
    const marginals = metrics["table-quality"]!.results.find(({ name }) => name === "marginals")!;
    expect(marginals.of).toBe("own");
    // Rows with the data's marginals.
    expect(marginals.value).toBeLessThan(0.06);
    expect(metrics["scores"]!.results.some(({ name }) => name === "negElbo")).toBe(true);
    // The same samples by their other name.
    const { metrics: byPrior } = (await progressing("evaluate", "people", ...flags, "--priors", "prior")) as {
      metrics: typeof metrics;
    };
    expect(byPrior["table-quality"]!.results.map(({ value }) => value)).toEqual(
      metrics["table-quality"]!.results.map(({ value }) => value),
    );
  });

  test("of classes are of decoded images", async () => {
    const flags = ["--metrics", "class-accuracy", "--generated", "200", "--split", "train"];
    const { metrics } = (await progressing("evaluate", "digits", ...flags)) as {
      metrics: Record<string, { results: { value: number }[] }>;
    };
    // Chance is 0.1, with a standard error of 0.02.
    expect(metrics["class-accuracy"]!.results[0]!.value).toBeGreaterThan(0.4);
  });

  test("compare with those of a run on the data", async () => {
    const flags = ["--metrics", "table-quality", "--generated", "300", "--priors", "own", "--out", "compared"];
    const { runs } = (await progressing("compare", "people", "prior", ...flags)) as {
      runs: { label: string; results: { metric: string; name: string }[] }[];
    };
    const [people, rows] = runs;
    const names = (run: typeof people) =>
      run!.results.filter(({ metric }) => metric === "table-quality").map(({ name }) => name);
    expect(names(rows)).toEqual(names(people));
    expect(names(rows)).toContain("marginals");
    // Likelihoods and errors of codes are not those of rows.
    expect(rows!.results.some(({ name }) => ["nll", "mse"].includes(name))).toBe(false);
    expect(await refusal("compare", "people", "digits", "--out", "other")).toMatch(/runs of different data/);
  });
});
