import { beforeAll, describe, expect, test } from "vitest";
import { Delta } from "../distributions/delta.ts";
import { independent } from "../distributions/independent.ts";
import { Normal } from "../distributions/normal.ts";
import { ConfigError, DataError, DivergedError, UnsupportedOpError } from "../errors.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import type { Latent } from "../models/latent.ts";
import type { Model } from "../models/model.ts";
import type { Context } from "../nn/context.ts";
import { cast, reshape, tanh } from "../ops/index.ts";
import { stream } from "../random/index.ts";
import type { Device } from "../runtime/device.ts";
import { cpuDevice } from "../runtime/node.ts";
import { createVariables } from "../runtime/variables.ts";
import { invertCodes } from "./inversion.ts";
import { TrainedModel } from "./trained-model.ts";

let cpu: Device;
beforeAll(async () => {
  cpu = await cpuDevice(1);
});

const normals = (count: number, name: string, scale = 1): Float32Array => {
  const random = stream(5, name);
  return Float32Array.from({ length: count }, () => scale * random.normal());
};
const latentOf = (dim: number): Latent => ({
  name: "z",
  shape: [dim],
  dtype: "float32",
  prior: (_, count) => independent(new Normal(constant(0).broadcastTo([count, dim]), 1), 1),
  standardNormal: true,
});
/** The model x = G(z), with no more in it than is given. */
const generator = (
  [latentDim, dataDim]: readonly [number, number],
  apply: (z: Tensor, context: Context) => Tensor,
  more: Omit<Partial<Model>, "objectives"> = {},
): TrainedModel =>
  new TrainedModel(
    {
      objectives: () => [],
      latents: [latentOf(latentDim)],
      decode: ({ z }, context) => independent(new Delta(apply(z!, context)), 1),
      ...more,
    },
    { store: createVariables(cpu, []), shape: [dataDim] },
  );
const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));

/** Within sqrt(2^-24) of its minimum, an objective of curvature 1 is the same to float32. */
const flat = 1e-3;
/** W, row by row, and b of the linear decoder G(z) = z W + b. */
const [W, b] = [[1, 2, -0.5, 0.25, 1.5, 3] as const, [0.5, -1, 2] as const];
const linear = (): TrainedModel => generator([2, 3], (z) => z.matmul(constant(W, [2, 3])).add(constant(b, [3])));
/** argmin |x - z W - b|^2 / 3 + weight |z|^2 / 4 of each x, by the normal equations. */
const leastSquares = (x: Float32Array, weight: number): number[] => {
  const rows = [W.slice(0, 3), W.slice(3)];
  const dot = (u: readonly number[], v: readonly number[]): number =>
    u.reduce((total, value, i) => total + value * v[i]!, 0);
  // (W W^T + 3 weight / 4 I) z = W (x - b)
  const [p, q, r] = [dot(rows[0]!, rows[0]!), dot(rows[0]!, rows[1]!), dot(rows[1]!, rows[1]!)];
  const [left, right] = [p + (3 * weight) / 4, r + (3 * weight) / 4];
  return Array.from({ length: x.length / 3 }, (_, i) => {
    const rest = b.map((value, j) => x[3 * i + j]! - value);
    const [u, v] = [dot(rows[0]!, rest), dot(rows[1]!, rest)];
    const determinant = left * right - q * q;
    return [(right * u - q * v) / determinant, (left * v - q * u) / determinant];
  }).flat();
};

describe("a linear decoder", () => {
  const x = normals(3 * 5, "any points", 2);

  test.each([0, 0.7])("with weight %d gives the codes of least squares, and their residuals", async (weight) => {
    const model = linear();
    const { codes, decoded, errors } = await invertCodes(model, x, { weight });
    expect(largest(codes, leastSquares(x, weight))).toBeLessThan(flat);
    expect(largest(decoded, await model.decode(codes))).toBe(0);
    const residual = (i: number): number =>
      [0, 1, 2].reduce((s, j) => s + (x[3 * i + j]! - decoded[3 * i + j]!) ** 2, 0);
    errors.forEach((error, i) => expect(error).toBeCloseTo(residual(i) / 3, 6));
    await model.release();
  });

  test("of a conditional model: each start has its example's own", async () => {
    const condition = { fields: [{ name: "class", kind: "class", classes: ["a", "b", "c"] }], required: true } as const;
    const shift = (context: Context): Tensor => reshape(cast(context.condition!["class"]!, "float32"), [-1, 1]).mul(10);
    const model = generator(
      [2, 3],
      (z, context) =>
        z
          .matmul(constant(W, [2, 3]))
          .add(constant(b, [3]))
          .add(shift(context)),
      { condition },
    );
    const labels = [2, 0, 1, 1, 0];
    const moved = x.map((value, i) => value + 10 * labels[Math.floor(i / 3)]!);
    for (const starts of [1, 3]) {
      const { codes } = await invertCodes(model.given({ class: labels }), moved, { starts });
      expect(largest(codes, leastSquares(x, 0))).toBeLessThan(flat);
    }
    const one = await invertCodes(
      model.given({ class: [1] }),
      x.map((value) => value + 10),
    );
    expect(largest(one.codes, leastSquares(x, 0))).toBeLessThan(flat);
    await expect(invertCodes(model, x)).rejects.toThrow(/got no class to invert with, expected a class from 0 to 2/);
    await model.release();
  });

  test("the result of an example depends on its place and the seed alone", async () => {
    const model = linear();
    const few = { steps: 3, starts: 3 };
    const many = normals(3 * 70, "many points");
    const all = await invertCodes(model, many, few);
    const compiled = model.compiledCount;
    expect((await invertCodes(model, many.slice(0, 15), few)).codes).toEqual(all.codes.slice(0, 10));
    expect((await invertCodes(model, many.slice(3 * 64), { ...few, first: 64 })).codes).toEqual(
      all.codes.slice(2 * 64),
    );
    expect((await invertCodes(model, many, { ...few, seed: 1 })).codes).not.toEqual(all.codes);
    // Two at once do not disturb each other.
    const [again, other] = await Promise.all([
      invertCodes(model, many, few),
      invertCodes(model, many, { ...few, steps: 2, learningRate: 1, weight: 1 }),
    ]);
    expect(again.codes).toEqual(all.codes);
    expect(other.codes).not.toEqual(all.codes);
    expect(model.compiledCount).toBe(compiled);
    await model.release();
  });

  test("is never worse than its initial codes, whatever the rate", async () => {
    const model = linear();
    const initial = await invertCodes(model, x, { steps: 1 });
    const far = await invertCodes(model, x, { steps: 50, learningRate: 1000 });
    far.errors.forEach((error, i) => expect(error).toBeLessThanOrEqual(initial.errors[i]!));
    const near = await invertCodes(model, x, { steps: 50 });
    near.errors.forEach((error, i) => expect(error).toBeLessThan(initial.errors[i]!));
    await model.release();
  });
});

/** G(z) = tanh(z A) B, without training. */
const [hidden, values, dim] = [32, 60, 6];
const network = (): TrainedModel => {
  const [first, second] = [normals(dim * hidden, "A", dim ** -0.5), normals(hidden * values, "B", hidden ** -0.5)];
  return generator([dim, values], (z) =>
    tanh(z.matmul(constant(first, [dim, hidden]))).matmul(constant(second, [hidden, values])),
  );
};

test("what a generator made is found again, with its codes", async () => {
  const model = network();
  const count = 20;
  const z = await model.samplePrior(count, { seed: 3 });
  const x = await model.decode(z);
  const random = await model.decode(await model.samplePrior(1000, { seed: 4 }));
  const nearest = (i: number): number => {
    const distance = (j: number): number => {
      let squares = 0;
      for (let k = 0; k < values; k++) squares += (x[i * values + k]! - random[j * values + k]!) ** 2;
      return squares / values;
    };
    return Math.min(...Array.from({ length: 1000 }, (_, j) => distance(j)));
  };
  const { codes, errors } = await invertCodes(model, x);
  errors.forEach((error, i) => expect(error).toBeLessThan(1e-4 * nearest(i)));
  // Squared errors of 1e-7 leave codes their square root, times what the flattest directions of G are flatter.
  expect(largest(codes, z)).toBeLessThan(0.05);
  await model.release();
});

test("the best of several starts is kept: one of two minima is the lower", async () => {
  // (z^2 - 1)^2 + z / 4 has its minima near -1 and 1, of which the first is nearer to -1/2.
  const model = generator([1, 1], (z) => z.mul(z).sub(1).mul(z.mul(z).sub(1)).add(z.mul(0.25)));
  const x = new Float32Array(64).fill(-0.5);
  const right = async (starts: number): Promise<number> =>
    (await invertCodes(model, x, { starts })).codes.reduce((total, z) => total + Number(z > 0), 0);
  // From N(0, 1) about half of the starts lead to the worse one.
  const one = await right(1);
  expect(one).toBeGreaterThan(15);
  expect(one).toBeLessThan(49);
  expect(await right(16)).toBe(0);
  await model.release();
});

describe("a model that encodes", () => {
  const encode = (x: Tensor) => ({
    z: independent(new Delta(x.matmul(constant([0.1, 0, 0.3, 0.2, 0, 0.5], [3, 2]))), 1),
  });
  const x = normals(30, "any points");

  test("starts from the mean of q(z|x)", async () => {
    for (const { prior: _, ...latent } of [latentOf(2), { ...latentOf(2), prior: undefined }]) {
      const model = generator([2, 3], (z) => z.matmul(constant(W, [2, 3])), { encode, latents: [latent] });
      const only = await invertCodes(model, x, { starts: 1, steps: 1 });
      expect(only.codes).toEqual(await model.encode(x));
      const several = await invertCodes(model, x, { starts: 4, steps: 1 });
      several.errors.forEach((error, i) => expect(error).toBeLessThanOrEqual(only.errors[i]!));
      // Without p(z) the other starts are of N(0, I).
      expect(several.codes).not.toEqual(only.codes);
      await model.release();
    }
  });
});

describe("is refused in one line:", () => {
  const nan = (): TrainedModel => generator([2, 3], (z) => z.matmul(constant(W, [2, 3])).mul(constant(NaN)));
  const { prior: _, standardNormal: __, ...bare } = latentOf(2);
  const other = (): TrainedModel => generator([2, 3], (z) => z.matmul(constant(W, [2, 3])), { latents: [bare] });
  const one = Float32Array.of(1, 2, 3);
  test.each<[string, () => TrainedModel, Float32Array, object, new (...args: never[]) => Error, RegExp]>([
    [
      "part of an example",
      linear,
      Float32Array.of(1, 2),
      {},
      ConfigError,
      /^invert: x is no whole number of examples, got 2/,
    ],
    [
      "a value that is not finite",
      linear,
      Float32Array.of(1, 2, 3, 4, Infinity, 6),
      {},
      DataError,
      /^invert: example 1 is not finite, got Infinity, expected numbers$/,
    ],
    ["a setting that is unknown", linear, one, { rate: 1 }, ConfigError, /^invert: rate: unknown setting, got "rate"/],
    ["no start", linear, one, { starts: 0 }, ConfigError, /^invert: starts: not a value it takes, got 0, expected/],
    [
      "a weight of a prior that is not N(0, I)",
      other,
      one,
      { weight: 1 },
      UnsupportedOpError,
      /^invert: .*a model that has no prior N\(0, I\), expected one that has the prior N\(0, I\)$/,
    ],
    [
      "a decoder of NaN",
      nan,
      one,
      {},
      DivergedError,
      /^invert: no code of example 0 has a finite error, got NaN or infinity from 4 initial codes, expected/,
    ],
  ])("%s", async (_, make, x, options, kind, message) => {
    const model = make();
    const refused = invertCodes(model, x, options);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(kind);
    await model.release();
  });
});
