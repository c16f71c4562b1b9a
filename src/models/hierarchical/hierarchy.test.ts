import { describe, expect, test } from "vitest";
import { boundsBySamples } from "../../../test/bounds-by-samples.ts";
import { noiseValues } from "../../../test/noise-values.ts";
import { objectivesOf } from "../../../test/objectives-of.ts";
import { samplesOf } from "../../../test/samples-of.ts";
import { initialValues } from "../../../test/variable-values.ts";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { topologicalOrder } from "../../graph/traverse.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { variables } from "../../nn/module.ts";
import { codesOf, takeSamples } from "../latent.ts";
import type { Model } from "../model.ts";
import { ladderVAE } from "./ladder.ts";
import { nvae } from "./nvae.ts";
import { posteriorNames } from "./posteriors.ts";
import { vdvae } from "./vdvae.ts";

const small = { width: 8, latents: [1, 0, 2, 1], latentChannels: 2 };
const image = dataSpec([1, 6, 5]);
const models: readonly (readonly [string, Model])[] = [
  ["ladder-vae", ladderVAE.build(ladderVAE.config.parse({ latentDims: [2, 3, 4], hiddenDims: [5, 6, 7] }), image)],
  [
    "ladder-vae, bottom-up",
    ladderVAE.build(
      ladderVAE.config.parse({ latentDims: [2, 3, 4], hiddenDims: [5, 6, 7], inference: "bottom-up" }),
      image,
    ),
  ],
  ["vdvae", vdvae.build(vdvae.config.parse(small), image)],
  ["nvae", nvae.build(nvae.config.parse({ ...small, expansion: 2 }), image)],
];
const batch = 4;
const x = new Input("x", [batch, 1, 6, 5]);
const pixels = value(
  "float32",
  x.shape,
  Float64Array.from({ length: x.size }, (_, i) => Number(Math.sin(1.3 * i) > 0.2)),
);
/** Initial values, moved: posteriors that start as the prior have no rate. */
const leavesOf = (model: Model): [Tensor, Value][] =>
  [...initialValues(model)].map(([v, { data, shape }], k) => [
    v,
    value(
      "float32",
      shape,
      Float64Array.from(data, (w, i) => w + 0.2 * Math.sin(1.7 * i + k)),
    ),
  ]);
const valuesOf = (model: Model, roots: readonly Tensor[], seed = 2): Value[] =>
  evaluate(roots, new Map<Tensor, Value>([...leavesOf(model), [x, pixels], ...noiseValues(roots, seed)]));

describe.each(models)("%s", (_, model) => {
  test("the rates of the latents, top first, and the distortion add up to -ELBO", () => {
    const { elbo, distortion, rates } = model.elbo!(x, evaluation);
    expect(Object.keys(rates)).toEqual(model.latents!.map(({ name }) => name));
    const [total, ...parts] = valuesOf(model, [elbo, distortion, ...Object.values(rates)]);
    for (let i = 0; i < batch; i++) {
      const sum = parts.reduce((all, { data }) => all + Number(data[i]), 0);
      expect(sum).toBeCloseTo(-Number(total!.data[i]), 3);
      for (const { data } of parts) expect(Math.abs(Number(data[i]))).toBeGreaterThan(0.01);
    }
  });

  test("the mean of the importance weights' logarithms is the ELBO", () => {
    const samples = 60;
    const weights = model.logWeights!(x, samples, evaluation);
    expect(weights.shape).toEqual([samples, batch]);
    const [found] = valuesOf(model, [weights]);
    const bounds = Array.from(
      { length: 12 },
      (_, seed) => valuesOf(model, [model.elbo!(x, evaluation).elbo], seed)[0]!,
    );
    for (let i = 0; i < batch; i++) {
      const each = Array.from(found!.data, Number).filter((_, k) => k % batch === i);
      const own = bounds.map(({ data }) => Number(data[i]));
      const mean = (list: readonly number[]): number => list.reduce((sum, v) => sum + v, 0) / list.length;
      const error = (list: readonly number[]): number => mean(list.map((v) => (v - mean(list)) ** 2)) / list.length;
      expect(Math.abs(mean(each) - mean(own))).toBeLessThan(4 * Math.sqrt(error(each) + error(own)) + 1e-3);
    }
  });

  test("codes go down one way: a sample of all latents computes each network once", () => {
    const codes = Object.fromEntries(
      model.latents!.map(({ name, shape }) => [name, new Input(name, [batch, ...shape])]),
    );
    const count = (t: Tensor): number =>
      topologicalOrder([t]).filter(({ op }) => op.name === "Conv" || op.name === "MatMul").length;
    const decoded = model.decode!(codes, evaluation).mean;
    const priors = model.latents!.map(({ prior }) => prior!(codes, batch, evaluation).mean);
    const all = topologicalOrder([decoded, ...priors]).filter(({ op }) => op.name === "Conv" || op.name === "MatMul");
    expect(count(samplesOf(model, batch, { mean: true }))).toBe(all.length);
    expect(all.length).toBeLessThanOrEqual(priors.reduce((sum, p) => sum + count(p), count(decoded)));
  });

  test("the samples that encode takes are decoded as in the bound", () => {
    const take = takeSamples();
    const codes = codesOf(model.encode!(x, evaluation, take), take);
    expect(Object.keys(codes)).toEqual(model.latents!.map(({ name }) => name));
    for (const { name, shape } of model.latents!) expect(codes[name]!.shape).toEqual([batch, ...shape]);
    expect(model.decode!(codes, evaluation).shape).toEqual(x.shape);
  });

  test("a latent that is missing is named", () => {
    const [top] = model.latents!;
    expect(() => model.decode!({ [top!.name]: new Input("z", [batch, ...top!.shape]) }, evaluation)).toThrow(
      "decode: a latent is missing, got codes of z1, expected z2 too",
    );
  });
});

describe("the loss", () => {
  const build = (more: object) =>
    ladderVAE.build(
      ladderVAE.config.parse({ latentDims: [2, 3], hiddenDims: [4, 4], batchNorm: false, ...more }),
      image,
    );
  const metricsAt = (model: Model, at: number): Readonly<Record<string, number>> => {
    const [{ loss, metrics }] = objectivesOf(model, x, { step: constant(at) }) as [ReturnType<typeof objectivesOf>[0]];
    const names = Object.keys(metrics);
    const [l, ...each] = valuesOf(model, [loss, ...names.map((name) => metrics[name]!)]);
    return {
      loss: Number(l!.data[0]),
      ...Object.fromEntries(names.map((name, i) => [name, Number(each[i]!.data[0])])),
    };
  };

  test.each([
    [5, 0.05],
    [50, 0.5],
    [1000, 1],
  ])("at step %i of a warm-up over 100 weighs the rate by %d", (at, weight) => {
    const { loss, distortion, rate } = metricsAt(build({ warmup: 100 }), at);
    expect(loss).toBeCloseTo(distortion! + weight * rate!, 4);
  });

  test("free bits charge each latent for the larger of its rate and the free one", () => {
    const plain = metricsAt(build({ warmup: 0 }), 1);
    const [z1, z2] = [plain["rate.z1"]!, plain["rate.z2"]!];
    expect(z1 + z2).toBeCloseTo(plain["rate"]!, 4);
    const freeBits = (z1 + z2) / 2;
    const { loss, distortion } = metricsAt(build({ warmup: 0, freeBits }), 1);
    expect(loss! - distortion!).toBeCloseTo(Math.max(z1, freeBits) + Math.max(z2, freeBits), 4);
  });

  test("nvae adds lambda times the sum of its kernels' spectral norms", () => {
    const model = nvae.build(nvae.config.parse({ ...small, spectral: 0.5 }), image);
    const { loss, negElbo, penalty } = metricsAt(model, 1);
    expect(loss).toBeCloseTo(negElbo! + 0.5 * penalty!, 3);
    const kernels = [...variables(model).values()].filter(({ rank }) => rank === 4).length;
    expect(penalty!).toBeGreaterThan(0.1 * kernels);
    const none = nvae.build(nvae.config.parse({ ...small, spectral: 0 }), image);
    expect(metricsAt(none, 1)).not.toHaveProperty("penalty");
  });
});

/**
 * Linear networks of one number each: z_1 ~ N(0, 1), z_2 ~ N(a z_1 + b, s^2), x_i ~ N(c_i z_2 + d_i, t^2). x is Gaussian, with mean
 * c b + d and covariance c c' (a^2 + s^2) + t^2 I.
 */
describe.each([...posteriorNames.map((posterior) => ({ posterior })), { inference: "bottom-up" }])(
  "a linear hierarchy of known likelihood, %j",
  (inferred) => {
    const [a, b, s, t] = [0.8, -0.3, Math.sqrt(0.5), 0.7];
    const c = [1.2, -0.7] as const;
    const d = [0.4, 0.1] as const;
    const settings = { latentDims: [1, 1], hiddenDims: [1, 1], depth: 1, batchNorm: false, activation: "identity" };
    const model = ladderVAE.build(
      ladderVAE.config.parse({ ...settings, ...inferred, likelihood: "gaussian", std: t }),
      dataSpec([2]),
    );
    const held: Readonly<Record<string, readonly number[]>> = {
      "networks.encoders.0.layers.0.weight": [0.9],
      "networks.encoders.0.layers.0.bias": [0.1],
      "networks.encoders.1.layers.0.weight": [0.5, -0.3],
      "networks.encoders.1.layers.0.bias": [-0.1],
      "networks.levels.0.toEstimate.weight": [0.4, 0],
      "networks.levels.0.toEstimate.bias": [0.2, -0.1],
      "networks.levels.1.toPrior.layers.0.weight": [1],
      "networks.levels.1.toPrior.layers.0.bias": [0],
      "networks.levels.1.toPrior.last.weight": [a, 0],
      "networks.levels.1.toPrior.last.bias": [b, 2 * Math.log(s)],
      "networks.levels.1.toEstimate.weight": [0.6, 0],
      "networks.levels.1.toEstimate.bias": [-0.2, -0.3],
      "networks.decoder.layers.0.weight": [1],
      "networks.decoder.layers.0.bias": [0],
      "networks.decoder.last.weight": c,
      "networks.decoder.last.bias": d,
    };
    const leaves = new Map<Tensor, Value>(
      [...variables(model)].map(([name, v]) => [v, value("float32", v.shape, Float64Array.from(held[name]!))]),
    );
    const points = [
      [0.5, -0.2],
      [-1.2, 0.9],
    ] as const;
    const given = constant(points.flat(), [2, 2]);
    const variance = a * a + s * s;
    const exact = points.map((point) => {
      const [u, v] = point.map((each, i) => each - c[i]! * b - d[i]!) as [number, number];
      const [xx, xy, yy] = [c[0] ** 2 * variance + t * t, c[0] * c[1] * variance, c[1] ** 2 * variance + t * t];
      const determinant = xx * yy - xy * xy;
      return (
        -0.5 * ((yy * u * u - 2 * xy * u * v + xx * v * v) / determinant + Math.log(determinant)) -
        Math.log(2 * Math.PI)
      );
    });

    test("importance weights have p(x) for their mean", () => {
      const samples = 10_000;
      const logWeights = model.logWeights!(given, samples, evaluation);
      const [found] = evaluate([logWeights], new Map([...leaves, ...noiseValues([logWeights], 3)]));
      exact.forEach((logP, i) => {
        const ratios = found!.data.filter((_, k) => k % 2 === i).map((w) => Math.exp(w - logP));
        const average = ratios.reduce((sum, r) => sum + r, 0) / samples;
        const spread = ratios.reduce((sum, r) => sum + (r - average) ** 2, 0) / samples;
        expect(Math.abs(average - 1)).toBeLessThan(4 * Math.sqrt(spread / samples));
        expect(spread).toBeGreaterThan(0.01);
      });
    });

    test("the bound grows with the samples towards log p(x)", () => {
      const bounds = boundsBySamples((samples) => model.logWeights!(given, samples, evaluation), leaves);
      for (const i of [0, 1]) {
        const [elbo, five, fifty] = bounds.map((of) => of[i]!) as [number, number, number];
        expect(elbo).toBeLessThan(five);
        expect(five).toBeLessThan(fifty);
        expect(fifty).toBeLessThan(exact[i]! + 0.03);
        expect(fifty).toBeGreaterThan(exact[i]! - 0.1);
      }
    });

    // Both standard deviations are multiplied, z_2's twice over.
    test("samples have each latent at its own temperature", () => {
      const count = 50_000;
      const sampled = samplesOf(model, count, { mean: true, temperature: 0.5, temperatures: [1, 0.4] });
      const [found] = evaluate([sampled], new Map([...leaves, ...noiseValues([sampled], 6)]));
      const expected = a * a * 0.25 + s * s * 0.04;
      for (const i of [0, 1]) {
        const values = found!.data.filter((_, k) => k % 2 === i);
        const average = values.reduce((sum, v) => sum + v, 0) / count;
        const spread = values.reduce((sum, v) => sum + (v - average) ** 2, 0) / count;
        expect(spread / (c[i]! ** 2 * expected)).toBeCloseTo(1, 1);
      }
    });
  },
);
