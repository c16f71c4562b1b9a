import { beforeAll, describe, expect, test } from "vitest";
import { knownSpectrum } from "../../../test/known-spectrum.ts";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { trainBriefly } from "../../../test/train-briefly.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { split } from "../../ops/index.ts";
import { compute } from "../../runtime/compute.ts";
import type { Device } from "../../runtime/device.ts";
import { cpuDevice } from "../../runtime/node.ts";
import { likelihoodNames } from "../parts/likelihoods.ts";
import { VAE, vae } from "./vae.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

/** A VAE with these settings, the defaults for all others. */
const vaeOf = (settings: object, shape: readonly number[]): VAE => new VAE(vae.config.parse(settings), dataSpec(shape));

const mlp = { network: "mlp", hiddenDims: [5, 3], latentDim: 2, samples: 2 };
const conv = { network: "conv", channels: [2, 3], latentDim: 2, samples: 2 };

/** A model's whole objective on a batch, with a value for every leaf. */
function objectiveOf(model: VAE, shape: readonly number[], { batch = 2, step = 1 } = {}) {
  const x = new Input("x", [batch, ...shape]);
  const at = new Input("step", []);
  const [objective] = objectivesOf(model, x, { step: at });
  const { loss, metrics } = objective!;
  const first = initialValues(model);
  // Biases that start at 0, and a rate near 0, would hide an error in what multiplies them.
  const shifted = [...first].map(([v, { dtype, shape: s, data }], i): [Tensor, Value] => [
    v,
    value(
      dtype,
      s,
      data.map((w, k) => 2 * w + 0.2 * Math.sin(1 + i + 3 * k)),
    ),
  ]);
  const intensities = sines(x, 0.3).data.map((v) => (1 + v) / 2);
  const leaves = new Map<Tensor, Value>([
    ...shifted,
    [x, value("float32", x.shape, intensities)],
    [at, value("float32", [], [step])],
    ...noiseValues([loss], 5),
  ]);
  return { x, loss, metrics, leaves, wrt: [...parameters(model)] };
}

const numbers = (roots: readonly Tensor[], leaves: ReadonlyMap<Tensor, Value>): number[] =>
  evaluate(roots, leaves).map(({ data }) => data[0]!);

const ofImages = likelihoodNames.filter((name) => name !== "columns");

describe.each([
  ["mlp", mlp, [1, 4, 4]],
  ["conv", conv, [1, 8, 8]],
] as const)("the gradient of the whole loss, %s", (_, settings, shape) => {
  // Smooth, so that no central difference straddles a kink; ReLU's own gradient is held to its slope among the ops.
  const smooth = { ...settings, activation: "silu", beta: 0.7, warmup: 4 };

  test.each(ofImages)("%s: is the slope in the reference, to 1e-6", (likelihood) => {
    const { loss, leaves, wrt } = objectiveOf(
      vaeOf({ ...smooth, likelihood, std: 0.4, levels: 6, logistics: 2 }, shape),
      shape,
      { step: 3 },
    );
    const gradients = evaluate(
      grad(
        loss,
        wrt.map(([, v]) => v),
      ),
      leaves,
    );
    const h = 1e-5;
    for (const [i, [name, v]] of wrt.entries()) {
      const { dtype, shape: s, data } = leaves.get(v)!;
      // A dozen entries of each tensor, at even intervals.
      const stride = Math.max(1, Math.floor(data.length / 12));
      for (let k = 0; k < data.length; k += stride) {
        const at = (by: number): number =>
          numbers([loss], new Map(leaves).set(v, value(dtype, s, data.with(k, data[k]! + by))))[0]!;
        const slope = (at(h) - at(-h)) / (2 * h);
        const error = Math.abs(gradients[i]!.data[k]! - slope) / (1 + Math.abs(slope));
        expect(error, `${name}[${k}]`).toBeLessThan(1e-6);
      }
    }
  });

  test.each(ofImages)("%s: is the reference's on ONNX Runtime, to 1e-4", async (likelihood) => {
    const { loss, leaves, wrt } = objectiveOf(
      vaeOf({ ...settings, likelihood, std: 0.4, levels: 6, logistics: 2 }, shape),
      shape,
      { batch: 5 },
    );
    const roots = [
      loss,
      ...grad(
        loss,
        wrt.map(([, v]) => v),
      ),
    ];
    const expected = evaluate(roots, leaves);
    (await compute(cpu, roots, leaves)).forEach(({ data }, i) => {
      data.forEach((got, k) => {
        const want = expected[i]!.data[k]!;
        const error = Math.abs(got - want) / (1 + Math.abs(want));
        expect(error, `${i === 0 ? "loss" : wrt[i - 1]![0]}[${k}]`).toBeLessThan(1e-4);
      });
    });
  });
});

describe("the loss", () => {
  const shape = [1, 4, 4];
  const results = (settings: object, step: number): { loss: number; rate: number; distortion: number } => {
    const { loss, metrics, leaves } = objectiveOf(vaeOf({ ...mlp, ...settings }, shape), shape, { step });
    const [l, negElbo, rate, distortion] = numbers(
      [loss, metrics["negElbo"]!, metrics["rate"]!, metrics["distortion"]!],
      leaves,
    ) as [number, number, number, number];
    // The reported bound is always the one at beta = 1.
    expect(negElbo).toBeCloseTo(rate + distortion, 10);
    return { loss: l, rate, distortion };
  };

  test.each([
    [{}, 1, 1],
    [{ beta: 4 }, 1, 4],
    [{ beta: 0 }, 9, 0],
    [{ warmup: 10 }, 1, 0.1],
    [{ warmup: 10 }, 5, 0.5],
    [{ warmup: 10 }, 10, 1],
    [{ warmup: 10 }, 1000, 1],
    [{ warmup: 10, beta: 4 }, 5, 2],
    // Geometric: half way between the logarithms is the geometric mean.
    [{ beta: 4, finalBeta: 1, betaSteps: 10 }, 5, 2],
    [{ beta: 4, finalBeta: 0.5, betaSteps: 10 }, 10, 0.5],
    [{ beta: 4, finalBeta: 0.5, betaSteps: 10 }, 30, 0.5],
    [{ beta: 2, finalBeta: 8, betaSteps: 2, warmup: 4 }, 1, 1],
  ])("with %j in step %i is distortion + %d rate", (settings, step, beta) => {
    const { loss, rate, distortion } = results(settings, step);
    expect(loss).toBeCloseTo(distortion + beta * rate, 10);
    expect(rate).toBeGreaterThan(0.01);
  });

  test("a weight of 0 is no beginning of a geometric schedule", () => {
    expect(() => vaeOf({ ...mlp, beta: 0, finalBeta: 1e-5 }, shape)).toThrow(
      "finalBeta: a weight of 0 stays at 0, got beta 0, expected a beta above 0 to fall from, or no finalBeta",
    );
  });

  // Appendix B of arXiv:1312.6114: -KL = 1/2 sum_j (1 + log var_j - mean_j^2 - var_j).
  test("has the closed-form KL, which is the average of log q(z|x) - log p(z) over samples of q", () => {
    const model = vaeOf({ ...mlp, likelihood: "gaussian" }, shape);
    const { x, metrics, leaves } = objectiveOf(model, shape);
    const q = model.posterior(x, evaluation);
    const z = q.rsample([20_000]);
    const ratio = q.logProb(z).sub(model.latents[0].prior!({}, 2, evaluation).logProb(z));
    const [mean, logVar] = split(model.encoder.apply(x, evaluation), -1, 2);
    const [rate, m, lv, r] = evaluate(
      [metrics["rate"]!, mean, logVar, ratio],
      new Map([...leaves, ...noiseValues([ratio], 11)]),
    ) as [Value, Value, Value, Value];
    const closed = m.data.reduce((sum, a, i) => sum + (a * a + Math.exp(lv.data[i]!) - lv.data[i]! - 1) / 2, 0) / 2;
    expect(rate.data[0]).toBeCloseTo(closed, 8);
    const average = r.data.reduce((a, b) => a + b, 0) / r.data.length;
    const variance = r.data.reduce((a, b) => a + (b - average) ** 2, 0) / r.data.length;
    // Four standard errors.
    expect(Math.abs(average - closed)).toBeLessThan(4 * Math.sqrt(variance / r.data.length));
  });

  test("averages the distortion over L samples", () => {
    // The same noise for both: the samples of L = 2 are those of two runs of L = 1.
    const two = vaeOf(mlp, shape);
    const { x, leaves, metrics } = objectiveOf(two, shape);
    const one = two.terms(two.samplePosterior(x, 1, evaluation), evaluation);
    const [both] = noiseLeaf(metrics["distortion"]!);
    const [single] = noiseLeaf(one.distortion);
    const samples = leaves.get(both!)!.data;
    const half = samples.length / 2;
    const each = [0, 1].map((k) => {
      const noise = value("float32", single!.shape, samples.slice(k * half, (k + 1) * half));
      const [{ data }] = evaluate([one.distortion], new Map(leaves).set(single!, noise)) as [Value];
      return (data[0]! + data[1]!) / 2;
    });
    expect(Math.abs(each[0]! - each[1]!)).toBeGreaterThan(1e-4);
    expect(numbers([metrics["distortion"]!], leaves)[0]).toBeCloseTo((each[0]! + each[1]!) / 2, 8);
  });
});

const noiseLeaf = (root: Tensor): Tensor[] => [...noiseValues([root], 0).keys()];

/**
 * With linear networks and one learned variance the optimum is probabilistic PCA's, whose likelihood is known: the bound is
 * tight there (Lucas et al. 2019, arXiv:1911.02469), and sigma^2 is the mean of the eigenvalues left out (Tipping & Bishop
 * 1999, eq. 3.7 and 3.8).
 */
test("a linear VAE learns probabilistic PCA: its likelihood and its sigma^2", async () => {
  const eigenvalues = [6, 2, 0.7, 0.5, 0.4, 0.4];
  const [latentDim, dim, n] = [2, eigenvalues.length, 64];
  const x = Float32Array.from(knownSpectrum(eigenvalues, n).rows.flat());

  const settings = { latentDim, hiddenDims: [8], activation: "identity", likelihood: "gaussian-learned", std: 1 };
  const model = vaeOf({ ...settings, samples: 4 }, [dim]);
  const learned = await trainBriefly(model, { device: cpu, x, shape: [dim], steps: 3000 });

  const noiseVariance = eigenvalues.slice(latentDim).reduce((a, b) => a + b) / (dim - latentDim);
  const logDeterminant =
    eigenvalues.slice(0, latentDim).reduce((a, v) => a + Math.log(v), 0) + (dim - latentDim) * Math.log(noiseVariance);
  const exact = (dim * Math.log(2 * Math.PI) + logDeterminant + dim) / 2;

  const input = new Input("x", [n, dim]);
  const { rate, distortion } = model.terms(model.samplePosterior(input, 2000, evaluation), evaluation);
  const [r, d] = evaluate(
    [rate, distortion],
    new Map([...learned, [input, value("float32", [n, dim], x)], ...noiseValues([distortion], 2)]),
  ) as [Value, Value];
  const negElbo = r.data.reduce((a, v, i) => a + v + d.data[i]!, 0) / n;
  expect(Math.abs(negElbo - exact)).toBeLessThan(0.02);
  const { scaledLogVar } = model.likelihood as unknown as { readonly scaledLogVar: Tensor };
  expect(Math.exp(10 * learned.get(scaledLogVar)!.data[0]!)).toBeCloseTo(noiseVariance, 1);
});
