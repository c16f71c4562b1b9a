import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { install, type Installed } from "./install.ts";

let latentkit: Installed;
const run = "runs/vae-digits-1";

beforeAll(async () => {
  latentkit = install();
  const settings = ["latentDim=8", "hiddenDims=64"].flatMap((setting) => ["--set", setting]);
  const args = ["train", "vae", "--data", "digits:1000", "--epochs", "4", "--learning-rate", "5e-3", "--threads", "1"];
  expect((await latentkit.run(...args, ...settings, "--json")).code).toBe(0);
});
afterAll(() => latentkit.remove());

test("a run is measured: likelihood below the bound, parts of the rate, identities that hold", async () => {
  const { code, stdout, stderr } = await latentkit.run("evaluate", run, "--samples", "100", "--count", "60", "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const found = JSON.parse(stdout) as {
    examples: number;
    scores: { negElbo: number; rate: number };
    likelihood: { nll: number; standardError: number; curve: { samples: number; nll: number }[] };
    units: { active: number; total: number; activity: number[] };
    rate: { mutualInformation: number; totalCorrelation: number; dimensionwiseKl: number; rate: number };
    checks: { holds: boolean }[];
  };
  expect(found).toMatchObject({ run, split: "test", examples: 60, seed: 0 });
  expect(found.likelihood.curve.map(({ samples }) => samples)).toEqual([1, 5, 50, 100]);
  expect(found.likelihood.nll).toBeLessThan(found.scores.negElbo);
  // One draw of the weights is one draw of the bound.
  expect(Math.abs(found.likelihood.curve[0]!.nll - found.scores.negElbo)).toBeLessThan(3);
  expect(found.units.total).toBe(8);
  expect(found.units.active).toBeGreaterThan(0);
  expect(found.units.activity).toHaveLength(8);
  expect(found.rate.rate).toBeCloseTo(found.scores.rate, 2);
  expect(found.checks.map(({ holds }) => holds)).toEqual([true, true]);
});

test("people read a table and whether identities hold", async () => {
  const { stdout } = await latentkit.run("evaluate", run, "--samples", "10", "--count", "20", "--split", "validation");
  expect(stdout).toMatch(/^validation split, 20 examples, step 28; in nats per example$/m);
  expect(stdout).toMatch(/^nll +\d+\.\d +10 samples, standard error/m);
  expect(stdout).toMatch(/^active units +\d of 8$|^active units +\d +of 8$/m);
  expect(stdout).toMatch(/^holds: the bound grows with the number of samples/m);
});

test("what cannot be measured is said in one line", async () => {
  const { code, stderr } = await latentkit.run("evaluate", run, "--samples", "0");
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'latentkit: --samples: not a value it takes, got "0", expected an integer from 1 to 1000000\n',
  });
});

test("samples have a Frechet distance, larger for a prior that fits worse", async () => {
  const args = ["--frechet", "own,gaussian,full-gaussian", "--split", "train", "--count", "400", "--samples", "1"];
  const { stdout } = await latentkit.run("evaluate", run, ...args, "--json");
  const { distances } = JSON.parse(stdout) as {
    distances: { frechet: Record<string, number>; floor: number; extractorError: number; samples: number };
  };
  expect(distances).toMatchObject({ samples: 400, frechet: {}, floor: 0 });
  expect(distances.extractorError).toBeLessThan(0.1);
  expect(distances.frechet["full-gaussian"]).toBeLessThan(distances.frechet["gaussian"]!);
  for (const distance of Object.values(distances.frechet)) expect(distance).toBeGreaterThan(1);
  const refused = await latentkit.run("evaluate", run, "--frechet", "own", "--count", "20");
  expect(refused).toMatchObject({
    code: 2,
    stderr: "latentkit: --frechet: too few examples for the covariance of 128 features, got 20, expected more\n",
  });
});

test("codes of data with known factors have a mutual information gap", async () => {
  const settings = ["latentDim=3", "hiddenDims=16", "network=mlp"].flatMap((setting) => ["--set", setting]);
  const args = ["--data", "sprites:1000", "--steps", "10", "--threads", "1", "--out", "runs/sprites"];
  expect((await latentkit.run("train", "beta-tcvae", ...args, ...settings, "--json")).code).toBe(0);
  const { stdout } = await latentkit.run("evaluate", "runs/sprites", "--samples", "2", "--json");
  const { factors } = JSON.parse(stdout) as { factors: { mig: number; gaps: { factor: string; gap: number }[] } };
  expect(factors.gaps.map(({ factor }) => factor)).toEqual(["shape", "scale", "orientation", "x", "y"]);
  expect(factors.mig).toBeCloseTo(
    factors.gaps.reduce((sum, { gap }) => sum + gap / 5, 0),
    9,
  );
});

test("probabilistic PCA's posterior is exact: so is its likelihood, from any number of draws", async () => {
  expect((await latentkit.run("train", "pca", "--data", "digits:500", "--out", "runs/pca", "--json")).code).toBe(0);
  const { stdout } = await latentkit.run("evaluate", "runs/pca", "--samples", "20", "--json");
  const found = JSON.parse(stdout) as {
    scores: { nll: number };
    likelihood: { curve: { nll: number }[] };
    checks: { name: string; holds: boolean }[];
  };
  for (const { nll } of found.likelihood.curve)
    expect(Math.abs(nll - found.scores.nll)).toBeLessThan(1e-4 * Math.abs(found.scores.nll));
  expect(found.checks.map(({ name }) => name)).toContain("the bound stays below the exact log-likelihood");
  expect(found.checks.every(({ holds }) => holds)).toBe(true);
});

test("columns of a table are compared with those of as many samples", async () => {
  const rows = Array.from({ length: 600 }, (_, i) => `${20 + (i % 40)},${i % 4 ? "red" : "blue"}`);
  writeFileSync(join(latentkit.folder, "people.csv"), ["age,color", ...rows].join("\n"));
  const args = [
    "--data",
    "people.csv",
    "--epochs",
    "40",
    "--learning-rate",
    "5e-3",
    "--threads",
    "1",
    "--out",
    "table",
  ];
  expect((await latentkit.run("train", "vae", ...args, "--set", "latentDim=2", "--json")).code).toBe(0);
  const { stdout } = await latentkit.run("evaluate", "table", "--split", "train", "--samples", "1", "--json");
  const { columns } = JSON.parse(stdout) as { columns: { name: string; totalVariation: number }[] };
  expect(columns.map(({ name }) => name)).toEqual(["age", "color"]);
  for (const { totalVariation } of columns) expect(totalVariation).toBeLessThan(0.25);
});
