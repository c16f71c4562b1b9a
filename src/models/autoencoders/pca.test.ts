import { beforeAll, describe, expect, test } from "vitest";
import { knownSpectrum } from "../../../test/known-spectrum.ts";
import { noiseValues } from "../../../test/noise-values.ts";
import { samplesOf } from "../../../test/samples-of.ts";
import { createDataset } from "../../data/dataset.ts";
import { dataSpec } from "../../data/spec.ts";
import { whole } from "../../data/split.ts";
import { ConfigError } from "../../errors.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { Input, type Tensor, type Variable } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { variables } from "../../nn/module.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { createVariables } from "../../runtime/variables.ts";
import { solve } from "../../training/solve.ts";
import { PCA, pca } from "./pca.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

/** A model of these rows, with the values that its variables have been given. */
async function solved(rows: readonly (readonly number[])[], latentDim: number) {
  const [size, shape] = [rows.length, [rows[0]!.length]];
  const values = Float32Array.from(rows.flat());
  const dataset = await createDataset({ name: "rows", description: "rows", shape, size, values, range: [0, 1] });
  const model = new PCA({ latentDim }, dataSpec(shape));
  const store = createVariables(cpu, variables(model).values());
  const events = [];
  for await (const event of solve(model, { store, split: whole(dataset), binarize: "none" })) events.push(event);
  expect(events).toEqual([{ step: 1, epoch: 1, epochEnds: true }]);
  const leaves = new Map<Tensor, Value>();
  for (const v of variables(model).values())
    leaves.set(v, value("float32", v.shape, Float64Array.from((await store.read(v)) as Float32Array)));
  await store.release();
  const numbers = (v: Variable): number[] => [...leaves.get(v)!.data];
  return { model, leaves, numbers, x: value("float32", [size, ...shape], values) };
}

const eigenvalues = [6, 3, 1, 0.5, 0.25];
const [latentDim, dim, count] = [2, 5, 64];
const noiseVariance = (1 + 0.5 + 0.25) / 3;
const center = [0.3, -1, 2, 0, 0.5];
const known = knownSpectrum(eigenvalues, count);
const rows = known.rows.map((row) => row.map((v, k) => v + center[k]!));

describe("on data of a known spectrum", () => {
  let at: Awaited<ReturnType<typeof solved>>;
  let x: Input;
  beforeAll(async () => {
    at = await solved(rows, latentDim);
    x = new Input("x", [count, dim]);
    at.leaves.set(x, at.x);
  });
  const of = (t: Tensor): number[] => [...evaluate([t], new Map([...at.leaves, ...noiseValues([t], 7)]))[0]!.data];

  test("finds the mean, the eigenvalues, the components and sigma^2 (Tipping & Bishop, eq. 7 and 8)", () => {
    at.numbers(at.model.mean).forEach((v, k) => expect(v).toBeCloseTo(center[k]!, 6));
    at.numbers(at.model.eigenvalues).forEach((v, i) => expect(v).toBeCloseTo(eigenvalues[i]!, 5));
    expect(at.numbers(at.model.noiseVariance)[0]).toBeCloseTo(noiseVariance, 6);
    expect(at.numbers(at.model.totalVariance)[0]).toBeCloseTo(10.75, 5);
    const components = at.numbers(at.model.components);
    for (let i = 0; i < latentDim; i++) {
      const inner = known.eigenvectors[i]!.reduce((a, v, k) => a + v * components[i * dim + k]!, 0);
      expect(Math.abs(inner)).toBeCloseTo(1, 6);
    }
  });

  test("log p(x) is the Gaussian's of covariance W W^T + sigma^2 I", () => {
    // In the eigenvectors' axes the covariance is diagonal: the kept eigenvalues, then sigma^2.
    const variances = eigenvalues.map((v, i) => (i < latentDim ? v : noiseVariance));
    const expected = known.rows.map((row) =>
      known.eigenvectors.reduce((sum, u, i) => {
        const along = u.reduce((a, v, k) => a + v * row[k]!, 0);
        return sum - 0.5 * (Math.log(2 * Math.PI * variances[i]!) + along ** 2 / variances[i]!);
      }, 0),
    );
    const found = of(at.model.logProb(x));
    found.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 4));
    // At the maximum the mean is -1/2 (d log 2 pi + log |C| + d).
    const logDeterminant = variances.reduce((a, v) => a + Math.log(v), 0);
    const mean = found.reduce((a, b) => a + b) / count;
    expect(mean).toBeCloseTo(-0.5 * (dim * Math.log(2 * Math.PI) + logDeterminant + dim), 4);
  });

  test("q(z|x) is p(z|x): log p(x|z) + log p(z) - log q(z|x) is log p(x) for every z", () => {
    const { model } = at;
    const q = model.posterior(x);
    const z = q.sample();
    const prior = model.latents[0].prior!({}, count, evaluation);
    const ratio = model.decode({ z }).logProb(x).add(prior.logProb(z)).sub(q.logProb(z));
    const [exact, found] = [of(model.logProb(x)), of(ratio)];
    found.forEach((v, i) => expect(v).toBeCloseTo(exact[i]!, 4));
    const { elbo, rates, distortion } = model.elbo(x);
    const [e, r, d] = [of(elbo), of(rates["z"]!), of(distortion)];
    e.forEach((v, i) => expect(v).toBeCloseTo(-r[i]! - d[i]!, 8));
    expect(e).toEqual(exact);
  });

  test("reconstruct is the projection on the components: what it leaves are the other eigenvalues", () => {
    const metrics = at.model.validation(x);
    const mean = (name: string): number => of(metrics[name]!).reduce((a, b) => a + b) / count;
    expect(mean("mse")).toBeCloseTo(1.75 / dim, 6);
    expect(mean("unexplained")).toBeCloseTo(1.75 / 10.75, 6);
    const once = of(at.model.reconstruct(x));
    at.leaves.set(x, value("float32", x.shape, once));
    of(at.model.reconstruct(x)).forEach((v, i) => expect(v).toBeCloseTo(once[i]!, 5));
    at.leaves.set(x, at.x);
  });

  test("samples have the mean and the variance of W z + mean", () => {
    const n = 20_000;
    const samples = of(samplesOf(at.model, n, { mean: true }));
    const average = samples.reduce((sum, v, i) => (i % dim === 0 ? sum + v : sum), 0) / n;
    expect(Math.abs(average - center[0]!)).toBeLessThan((4 * Math.sqrt(6)) / Math.sqrt(n));
    const variance = samples.reduce((sum, v, i) => sum + (v - center[i % dim]!) ** 2, 0) / n;
    expect(Math.abs(variance / (6 + 3 - 2 * noiseVariance) - 1)).toBeLessThan(0.05);
  });
});

test("data in fewer dimensions than components keep a little variance, so that metrics stay finite", async () => {
  const flat = known.rows.map(([a]) => [a!, 2 * a!, 0, 1]);
  const { model, leaves } = await solved(flat, 3);
  const x = new Input("x", [count, 4]);
  const roots = Object.values(model.validation(x));
  for (const { data } of evaluate(roots, new Map([...leaves, [x, value("float32", x.shape, flat.flat())]])))
    data.forEach((v) => expect(Number.isFinite(v)).toBe(true));
});

test("more components than examples can span are refused in one line", async () => {
  await expect(solved(rows.slice(0, 3), 2)).rejects.toThrow(
    /^latentDim: no noise variance left, got 2 for 3 examples, expected at most 1$/,
  );
});

test("as many components as values are refused in one line", () => {
  expect(() => new PCA({ latentDim: 4 }, dataSpec([1, 2, 2]))).toThrow(ConfigError);
  expect(() => new PCA({ latentDim: 4 }, dataSpec([1, 2, 2]))).toThrow(
    /^latentDim: no noise variance left, got 4 for examples of 4 values, expected at most 3$/,
  );
});

// Fewer components than values, so that there is noise variance: a quarter of a power of two at or above their number.
test.each([
  [2, 1],
  [3, 1],
  [4, 1],
  [5, 2],
  [8, 2],
  [9, 4],
  [16, 4],
  [17, 8],
  [32, 8],
])("of examples of %i values one preset keeps %i", (size, latentDim) => {
  const fitting = pca.presets!.filter(({ fits }) => fits(dataSpec([size])));
  expect(fitting.map(({ config }) => config)).toEqual([{ latentDim }]);
  expect(pca.build(pca.config.parse({ latentDim }), dataSpec([size]))).toBeInstanceOf(PCA);
});

test("of more values none does", () => {
  expect(pca.presets!.some(({ fits }) => fits(dataSpec([33])))).toBe(false);
});
