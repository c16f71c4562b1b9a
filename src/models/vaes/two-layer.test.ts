import { describe, expect, test } from "vitest";
import { boundsBySamples } from "../../../test/bounds-by-samples.ts";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { samplesOf } from "../../../test/samples-of.ts";
import { initialValues, sines } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { parameters, variables } from "../../nn/module.ts";
import { reshape } from "../../ops/movement.ts";
import { logMeanExp } from "../../ops/reduction.ts";
import { takeMean } from "../latent.ts";
import { TwoLayer, twoLayer } from "./two-layer.ts";

/**
 * Linear layers of one number each: h2 ~ N(0, 1), h1 ~ N(a h2 + b, s^2), x_i ~ N(c_i h1 + d_i, t^2). x is Gaussian, with mean
 * c b + d and covariance c c' (a^2 + s^2) + t^2 I.
 */
describe("a linear model of known likelihood", () => {
  const t = 0.7;
  const settings = { network: "linear", latentDim: 1, topDim: 1, likelihood: "gaussian", std: t };
  const model = new TwoLayer(twoLayer.config.parse(settings), dataSpec([2]));
  const [a, b, logVar] = [0.8, -0.3, Math.log(0.5)];
  const [c, d] = [
    [1.2, -0.7],
    [0.4, 0.1],
  ] as const;
  const held: Readonly<Record<string, readonly number[]>> = {
    // [mean, logVar] of q(h1|x), near the posterior and wider.
    "encoder.mlp.layers.0.weight": [0.5, -0.3, 0, 0],
    "encoder.mlp.layers.0.bias": [-0.3, -0.6],
    "decoder.mlp.layers.0.weight": c,
    "decoder.mlp.layers.0.bias": d,
    "topEncoder.mlp.layers.0.weight": [0.7, 0],
    "topEncoder.mlp.layers.0.bias": [0.2, -0.4],
    "topDecoder.mlp.layers.0.weight": [a, 0],
    "topDecoder.mlp.layers.0.bias": [b, logVar],
  };
  const leaves = new Map<Tensor, Value>(
    [...variables(model)].map(([name, v]) => [v, value("float32", v.shape, Float64Array.from(held[name]!))]),
  );
  const points = [
    [0.5, -0.2],
    [-1.5, 1.1],
  ] as const;
  const x = constant(points.flat(), [2, 2]);
  const variance1 = a * a + Math.exp(logVar);
  const exact = points.map((point) => {
    const [u, v] = point.map((value_, i) => value_ - c[i]! * b - d[i]!) as [number, number];
    const [xx, xy, yy] = [c[0] * c[0] * variance1 + t * t, c[0] * c[1] * variance1, c[1] * c[1] * variance1 + t * t];
    const determinant = xx * yy - xy * xy;
    const quadratic = (yy * u * u - 2 * xy * u * v + xx * v * v) / determinant;
    return -0.5 * (quadratic + Math.log(determinant)) - Math.log(2 * Math.PI);
  });

  test("weights have p(x) for their mean", () => {
    const samples = 20_000;
    const logWeights = model.logWeights(x, samples, evaluation);
    const [found] = evaluate([logWeights], new Map([...leaves, ...noiseValues([logWeights], 3)]));
    exact.forEach((logP, i) => {
      const ratios = found!.data.filter((_, k) => k % 2 === i).map((w) => Math.exp(w - logP));
      const average = ratios.reduce((sum, r) => sum + r, 0) / samples;
      const variance = ratios.reduce((sum, r) => sum + (r - average) ** 2, 0) / samples;
      expect(Math.abs(average - 1)).toBeLessThan(4 * Math.sqrt(variance / samples));
      expect(variance).toBeGreaterThan(0.01);
    });
  });

  test("the bound grows with the samples towards log p(x)", () => {
    const bounds = boundsBySamples((samples) => model.logWeights(x, samples, evaluation), leaves);
    for (const i of [0, 1]) {
      const [elbo, five, fifty] = bounds.map((of) => of[i]!) as [number, number, number];
      expect(elbo).toBeLessThan(five);
      expect(five).toBeLessThan(fifty);
      expect(fifty).toBeLessThan(exact[i]! + 0.03);
      expect(fifty).toBeGreaterThan(exact[i]! - 0.06);
    }
  });

  // Both layers' standard deviations are multiplied, so that x's is as well.
  test.each([1, 0.5, 0])("samples at temperature %d have the mean and variance of x's mean given h1", (temperature) => {
    const count = 50_000;
    const sampled = samplesOf(model, count, { mean: true, temperature });
    const [found] = evaluate([sampled], new Map([...leaves, ...noiseValues([sampled], 6)]));
    for (const i of [0, 1]) {
      const values = found!.data.filter((_, k) => k % 2 === i);
      const average = values.reduce((sum, v) => sum + v, 0) / count;
      const variance = values.reduce((sum, v) => sum + (v - average) ** 2, 0) / count;
      expect(Math.abs(average - c[i]! * b - d[i]!)).toBeLessThan(4 * Math.sqrt(variance / count) + 1e-6);
      expect(variance / (c[i]! ** 2 * variance1)).toBeCloseTo(temperature ** 2, 1);
    }
  });
});

describe.each([1, 3])("of %i samples", (samples) => {
  const settings = { latentDim: 3, topDim: 2, hiddenDims: [5], topHiddenDims: [4], samples };
  const model = new TwoLayer(twoLayer.config.parse(settings), dataSpec([1, 3, 3]));
  const x = new Input("x", [4, 1, 3, 3]);
  const [objective] = objectivesOf(model, x);
  const { loss, metrics } = objective!;
  const leaves = new Map<Tensor, Value>([
    ...[...initialValues(model)].map(([v, { dtype, shape, data }], i): [Tensor, Value] => [
      v,
      value(
        dtype,
        shape,
        data.map((w, k) => w + 0.3 * Math.sin(1 + i + 3 * k)),
      ),
    ]),
    [
      x,
      value(
        "float32",
        x.shape,
        sines(x, 0.3).data.map((v) => (1 + v) / 2),
      ),
    ],
    ...noiseValues([loss], 5),
  ]);

  test("the loss is the importance-weighted bound, at most the ELBO's", () => {
    const weights = model.logWeights(x, samples, evaluation);
    const fresh = new Map([...leaves, ...noiseValues([weights], 5)]);
    const [expected] = evaluate([logMeanExp(weights, 0)], fresh);
    const [l, negElbo] = evaluate([loss, metrics["negElbo"]!], leaves).map(({ data }) => data[0]!);
    expect(l).toBeCloseTo(-expected!.data.reduce((sum, v) => sum + v, 0) / 4, 8);
    if (samples === 1) expect(l).toBeCloseTo(negElbo!, 8);
    else expect(l).toBeLessThan(negElbo! - 0.01);
  });

  test("its gradient is its slope, in every parameter of both layers", () => {
    const wrt = [...parameters(model).values()];
    expect(wrt).toHaveLength(16);
    const gradients = evaluate(grad(loss, wrt), leaves);
    const h = 1e-5;
    wrt.forEach((v, i) => {
      const { dtype, shape, data } = leaves.get(v)!;
      const direction = data.map((_, k) => Math.cos(2 * k + 1));
      const at = (by: number): number => {
        const moved = value(
          dtype,
          shape,
          data.map((w, k) => w + by * direction[k]!),
        );
        return evaluate([loss], new Map(leaves).set(v, moved))[0]!.data[0]!;
      };
      const slope = (at(h) - at(-h)) / (2 * h);
      const along = gradients[i]!.data.reduce((sum, g, k) => sum + g * direction[k]!, 0);
      expect(Math.abs(along - slope) / (1 + Math.abs(slope))).toBeLessThan(1e-6);
      expect(Math.abs(slope)).toBeGreaterThan(1e-6);
    });
  });
});

describe("of three samples of an example, in step 3 of a warm-up of 4", () => {
  const at = new Input("step", []);
  const x = constant(0.6).broadcastTo([1, 1, 2, 2]);
  const settings = { latentDim: 3, topDim: 2, hiddenDims: [5], topHiddenDims: [4], samples: 3 };
  const lossOf = (more: object, step: number) => {
    const model = new TwoLayer(twoLayer.config.parse({ ...settings, ...more }), dataSpec([1, 2, 2]));
    const { loss, metrics } = objectivesOf(model, x, { step: at })[0]!;
    // The codes that the loss samples, from the same noise.
    const h1 = model.encode(x, evaluation, takeMean).h1.rsample([3]);
    const p = model.decode({ h1: reshape(h1, [3, 3]) }, evaluation);
    const roots = [
      loss,
      metrics["negBound"]!,
      model.logWeights(x, 3, evaluation),
      p.logProb(x.broadcastTo([3, 1, 2, 2])),
    ];
    const leaves = new Map([...initialValues(model), [at, value("float32", [], [step])] as const]);
    const [found, negBound, weights, logLikelihoods] = roots.map((root) =>
      Array.from(evaluate([root], new Map([...leaves, ...noiseValues([root], 5)]))[0]!.data),
    );
    return { loss: found![0]!, negBound: negBound![0]!, weights: weights!, logLikelihoods: logLikelihoods! };
  };
  const logMean = (logs: readonly number[]): number => Math.log(logs.reduce((sum, w) => sum + Math.exp(w), 0) / 3);
  const mean = (values: readonly number[]): number => values.reduce((sum, w) => sum + w, 0) / 3;

  test.each([
    ["iwae", logMean],
    ["vae", mean],
  ] as const)(
    "objective=%s gives the codes' log-ratios 3/4 of their weight, and all of it later",
    (objective, bound) => {
      const early = lossOf({ objective, warmup: 4 }, 3);
      // w_i = p(x|h1_i) times the ratio of the codes' densities: the ratio to the power 3/4.
      const annealed = early.weights.map((w, i) => 0.25 * early.logLikelihoods[i]! + 0.75 * w);
      expect(early.loss).toBeCloseTo(-bound(annealed), 8);
      expect(Math.abs(early.loss + bound(early.weights))).toBeGreaterThan(0.01);
      // What is reported is the bound itself, from the first step.
      expect(early.negBound).toBeCloseTo(-bound(early.weights), 8);
      expect(lossOf({ objective, warmup: 4 }, 9).loss).toBeCloseTo(-bound(early.weights), 8);
      expect(lossOf({ objective }, 1).loss).toBeCloseTo(-bound(early.weights), 8);
    },
  );
});
