import { readFileSync, writeFileSync } from "node:fs";
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

interface MetricResult {
  readonly name: string;
  readonly of?: string;
  readonly value: number;
}
interface Found {
  readonly examples: number;
  readonly metrics: Readonly<
    Record<
      string,
      {
        readonly results: readonly MetricResult[];
        readonly conditions: Readonly<Record<string, unknown>>;
        readonly checks?: readonly { readonly name: string; readonly holds: boolean }[];
        readonly details?: Readonly<Record<string, unknown>>;
      }
    >
  >;
}

/** What evaluate prints as JSON, and its results as `metric/name` or `metric/name of one`. */
async function evaluated(...args: readonly string[]): Promise<Found & { readonly results: Record<string, number> }> {
  const { code, stdout } = await latentkit.run("evaluate", ...args, "--json");
  expect(code).toBe(0);
  const found = JSON.parse(stdout) as Found;
  const results = Object.entries(found.metrics).flatMap(([metric, measured]) =>
    measured.results.map(({ name, of, value }) => [`${metric}/${name}${of ? ` of ${of}` : ""}`, value] as const),
  );
  return { ...found, results: Object.fromEntries(results) };
}

test("a run is measured: likelihood below the bound, parts of the rate, identities that hold", async () => {
  const { metrics, results, ...found } = await evaluated(run, "--samples", "100", "--count", "60");
  expect(found).toMatchObject({
    run,
    model: "vae",
    split: "test",
    examples: 60,
    seed: 0,
    data: { source: "digits:1000" },
  });
  expect(Object.keys(metrics)).toEqual(["scores", "likelihood", "active-units", "rate"]);
  const curve = metrics["likelihood"]!.details!["curve"] as { samples: number; nll: number }[];
  expect(curve.map(({ samples }) => samples)).toEqual([1, 5, 50, 100]);
  expect(results["likelihood/nll"]).toBeLessThan(results["scores/negElbo"]!);
  // One sample of the weights is one sample of the bound.
  expect(Math.abs(curve[0]!.nll - results["scores/negElbo"]!)).toBeLessThan(3);
  expect(results["active-units/active units"]).toBeGreaterThan(0);
  expect(metrics["active-units"]!.details!["activity"]).toHaveLength(8);
  expect(metrics["rate"]!.details!["rate"]).toBeCloseTo(results["scores/rate"]!, 2);
  const checks = Object.values(metrics).flatMap((measured) => measured.checks ?? []);
  expect(checks.map(({ name, holds }) => [name, holds])).toEqual([
    ["the nll has converged in the number of samples", true],
    ["the bound of one sample is the ELBO", true],
    ["log p(x|z) is that of float64 arithmetic", true],
    ["the rate of sampled codes is that in closed form", true],
  ]);
});

test("people read a table and whether identities hold", async () => {
  const { stdout } = await latentkit.run("evaluate", run, "--samples", "10", "--count", "20", "--split", "validation");
  expect(stdout).toMatch(/^validation split, 20 examples, step 28; in nats per example, dynamic binarization$/m);
  expect(stdout).toMatch(/^nll +\d+\.\d+ +standard error \d+\.\d+, 10 samples of z per example/m);
  expect(stdout).toMatch(/^active units +\d +of 8$/m);
  expect(stdout).toMatch(/^(holds|FAILS): the nll has converged in the number of samples \(by samples 1: \d/m);
  expect(stdout).toMatch(/^holds: log p\(x\|z\) is that of float64 arithmetic/m);
});

test("a measure that a run lacks, or that there is not, is said in one line", async () => {
  const partly = await latentkit.run("evaluate", run, "--metrics", "scores,mig");
  expect(partly.code).toBe(0);
  expect(partly.stdout).toMatch(/^negElbo +\d/m);
  expect(partly.stdout).toMatch(/^mig +- +no generative factors of the data are known$/m);
  const lacking = await latentkit.run("evaluate", run, "--metrics", "mig");
  expect(lacking.code).toBe(2);
  expect(lacking.stderr).toMatch(
    /^latentkit: --metrics: this run has no mig: no generative factors of the data are known, got mig, expected one of .*\n$/,
  );
  const unknown = await latentkit.run("evaluate", run, "--metrics", "frechett");
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toMatch(
    /^latentkit: --metrics: unknown metric, got "frechett", expected .*; did you mean frechet\?\n$/,
  );
});

test("what cannot be measured is said in one line", async () => {
  const { code, stderr } = await latentkit.run("evaluate", run, "--samples", "0");
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'latentkit: --samples: not a value it takes, got "0", expected an integer from 1 to 1000000\n',
  });
});

test("samples have a Frechet distance, larger for a prior that fits worse", async () => {
  const priors = ["own", "gaussian", "full-gaussian"];
  const args = ["--metrics", "frechet", "--priors", priors.join(), "--split", "train"];
  const { metrics, results } = await evaluated(run, ...args, "--generated", "1000");
  expect(metrics["frechet"]!.conditions).toMatchObject({ reals: 1000, generated: 1000, priors });
  // All of them, in whatever order.
  expect(results["frechet/frechet of training examples"]).toBeLessThan(1e-6);
  expect(results["frechet/frechet of full-gaussian"]).toBeLessThan(results["frechet/frechet of gaussian"]!);
  for (const prior of priors) expect(results[`frechet/frechet of ${prior}`]).toBeGreaterThan(1);
  const refused = await latentkit.run("evaluate", run, "--metrics", "frechet", "--count", "20");
  expect(refused).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^latentkit: frechet: too few examples for a covariance of 128 features, got 20, expected more than 128\n$/m,
    ),
  });
});

test("an extractor is a file, the same bytes each time, and evaluate takes it", async () => {
  const train = ["metrics", "train-extractor", "--data", "digits:500", "--seed", "2"];
  const { stdout } = await latentkit.run(...train, "--out", "a.safetensors", "--json");
  const about = JSON.parse(stdout) as { readonly sha256: string };
  expect(about).toMatchObject({ file: "a.safetensors", name: "small-28", data: "digits", examples: 500, seed: 2 });
  expect((await latentkit.run(...train, "--out", "b.safetensors")).code).toBe(0);
  const [a, b] = ["a", "b"].map((name) => readFileSync(join(latentkit.folder, `${name}.safetensors`)));
  expect(a!.equals(b!)).toBe(true);

  const args = ["--metrics", "kid,inception-score", "--generated", "200", "--extractor"];
  const { metrics, results } = await evaluated(run, ...args, "a.safetensors");
  expect(metrics["kid"]!.conditions).toMatchObject({
    extractor: { sha256: about.sha256 },
    reals: 100,
    generated: 200,
  });
  expect(results["kid/kid of own"]).toBeGreaterThan(results["kid/kid of training examples"]!);
  const own = results["inception-score/inception score of own"]!;
  expect(own).toBeGreaterThan(1);
  expect(own).toBeLessThan(results["inception-score/inception score of examples"]!);

  const missing = await latentkit.run("evaluate", run, ...args, "none.onnx");
  expect(missing).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^latentkit: --extractor: no file that can be read, got none\.onnx, expected one\n$/m,
    ),
  });
  const unknowing = await latentkit.run("evaluate", run, "--metrics", "inception-score", "--extractor", "raw");
  expect(unknowing.code).toBe(2);
  expect(unknowing.stderr).toMatch(
    /^latentkit: inception-score: the extractor has no classes, got raw, expected .*\n$/m,
  );
});

test("codes of data with known factors are evaluated by the information of single dimensions", async () => {
  const settings = ["latentDim=3", "hiddenDims=16", "network=mlp"].flatMap((setting) => ["--set", setting]);
  const size = ["--data", "sprites:1000", "--size", "32", "--validation", "600"];
  const args = [...size, "--steps", "10", "--threads", "1", "--out", "runs/sprites"];
  expect((await latentkit.run("train", "beta-tcvae", ...args, ...settings, "--json")).code).toBe(0);
  const { results, metrics } = await evaluated("runs/sprites", "--samples", "2");
  const gaps = metrics["mig"]!.results.filter(({ name }) => name === "gap");
  expect(gaps.map(({ of }) => of)).toEqual(["shape", "scale", "orientation", "x", "y"]);
  expect(results["mig/mig"]).toBeCloseTo(
    gaps.reduce((sum, { value }) => sum + value / 5, 0),
    9,
  );
  const { results: scores } = await evaluated("runs/sprites", "--metrics", "disentanglement");
  const names = ["factor-vae score", "beta-vae score", "dci disentanglement", "dci completeness"];
  expect(Object.keys(scores)).toEqual(
    [...names, "dci informativeness", "sap", "modularity"].map((name) => `disentanglement/${name}`),
  );
  for (const score of Object.values(scores)) expect(score >= 0 && score <= 1).toBe(true);

  const few = await latentkit.run("evaluate", "runs/sprites", "--metrics", "disentanglement", "--count", "50");
  expect(few).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      /^latentkit: factor-vae score: too few examples with the same orientation, got .*\n$/m,
    ),
  });
  const unknown = await latentkit.run("evaluate", run, "--metrics", "disentanglement");
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("no disentanglement: factors missing") });
});

test("probabilistic PCA's likelihood is exact, whatever the number of samples", async () => {
  expect((await latentkit.run("train", "pca", "--data", "digits:500", "--out", "runs/pca", "--json")).code).toBe(0);
  for (const samples of ["1", "20"]) {
    const { results, metrics } = await evaluated("runs/pca", "--samples", samples);
    const exact = results["scores/nll"]!;
    expect(Math.abs(results["likelihood/nll"]! - exact)).toBeLessThan(1e-4 * Math.abs(exact));
    expect(metrics["likelihood"]!.conditions).toEqual({ exact: true });
  }
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
  const { metrics } = await evaluated("table", "--split", "train", "--samples", "1");
  const columns = metrics["total-variation"]!.results;
  expect(columns.map(({ of }) => of)).toEqual(["age", "color"]);
  for (const { value } of columns) expect(value).toBeLessThan(0.25);
});
