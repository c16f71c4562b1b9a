import { describe, expect, test } from "vitest";
import { type BijectorCase, checkBijector, logDetsByDifferences, randomParameters } from "../../test/check-bijector.ts";
import { noiseValues } from "../../test/noise-values.ts";
import { initialValues, sines } from "../../test/variable-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { evaluation, TrainingContext } from "../nn/context.ts";
import {
  ActNorm,
  AdditiveCoupling,
  Affine,
  AffineCoupling,
  alternating,
  Chain,
  checkerboard,
  Dequantize,
  DiagonalScale,
  entries,
  Flatten,
  halves,
  ImageNetwork,
  Inverse,
  InvertibleLinear,
  Logit,
  masked,
  SplitChannels,
  Squeeze,
  VariationalNoise,
  VectorNetwork,
} from "./index.ts";

const hiddenDims = [8] as const;
const images = { width: 4, blocks: 1 };
const image = [2, 4, 2];

const cases: readonly BijectorCase[] = [
  { name: "Affine", bijector: new Affine({ shift: 3, scale: -0.25 }), shape: [4] },
  { name: "Logit", bijector: new Logit(0.05), shape: [6], interval: [0, 1] },
  { name: "Logit near its ends", bijector: new Logit(1e-5), shape: [6], interval: [0.001, 0.999] },
  { name: "DiagonalScale", bijector: new DiagonalScale([5]), shape: [5] },
  { name: "Flatten", bijector: new Flatten(image), shape: image },
  { name: "Squeeze", bijector: new Squeeze(), shape: [1, 4, 4] },
  { name: "ActNorm of vectors", bijector: new ActNorm(4), shape: [4] },
  { name: "ActNorm of images", bijector: new ActNorm(2), shape: image },
  { name: "InvertibleLinear of vectors", bijector: new InvertibleLinear(5), shape: [5] },
  { name: "InvertibleLinear of images", bijector: new InvertibleLinear(3), shape: [3, 2, 2] },
  {
    name: "AffineCoupling of the second of two halves",
    bijector: new AffineCoupling(new VectorNetwork(2, 6, { hiddenDims }), halves([2, 3], "second")),
    shape: [5],
  },
  {
    name: "AffineCoupling of the first of two halves, given a vector",
    bijector: new AffineCoupling(new VectorNetwork(3, 4, { hiddenDims, given: 2 }), halves([2, 3], "first")),
    shape: [5],
    given: [2],
  },
  {
    name: "AffineCoupling of scales near their bound",
    bijector: new AffineCoupling(new VectorNetwork(2, 4, { hiddenDims }), halves([2, 2], "second"), { bound: 1 }),
    shape: [4],
    spread: 2,
  },
  {
    name: "AffineCoupling by a checkerboard",
    bijector: new AffineCoupling(new ImageNetwork(1, 2, images), checkerboard([1, 4, 3], 1)),
    shape: [1, 4, 3],
    scales: [1, 8],
  },
  {
    name: "AffineCoupling of channels, given a vector",
    bijector: new AffineCoupling(new ImageNetwork(1, 2, { ...images, given: 3 }), halves([1, 1], "second")),
    shape: image,
    given: [3],
    scales: [1, 8],
  },
  {
    name: "AffineCoupling of channels, given an image",
    bijector: new AffineCoupling(new ImageNetwork(1, 2, { ...images, givenChannels: 3 }), halves([1, 1], "first")),
    shape: image,
    given: [3, 4, 2],
    scales: [1, 8],
  },
  {
    name: "AffineCoupling of any entries",
    bijector: new AffineCoupling(new VectorNetwork(2, 6, { hiddenDims }), entries(5, [3, 0])),
    shape: [5],
  },
  {
    name: "Inverse",
    bijector: new Inverse(new AffineCoupling(new VectorNetwork(2, 4, { hiddenDims }), halves([2, 2], "second"))),
    shape: [4],
  },
  {
    name: "AffineCoupling by any mask",
    bijector: new AffineCoupling(new VectorNetwork(5, 10, { hiddenDims }), masked([1, 0, 0, 1, 0], [5])),
    shape: [5],
  },
  {
    name: "AdditiveCoupling",
    bijector: new AdditiveCoupling(new VectorNetwork(5, 5, { hiddenDims }), alternating(5, 0)),
    shape: [5],
  },
  {
    name: "SplitChannels",
    bijector: new SplitChannels([3, 2, 2], new Chain([new ActNorm(2), new Flatten([2, 2, 2])])),
    shape: [3, 2, 2],
  },
  {
    name: "a multi-scale chain",
    bijector: new Chain([
      new Squeeze(),
      new ActNorm(4),
      new InvertibleLinear(4),
      new AffineCoupling(new ImageNetwork(2, 4, images), halves([2, 2], "second")),
      new SplitChannels([4, 2, 2], new Chain([new Squeeze(), new InvertibleLinear(8), new Flatten([8, 1, 1])])),
    ]),
    shape: [1, 4, 4],
    scales: [1, 5],
  },
];

describe("with random parameters, the inverse, the log-determinant and the gradients hold of", () => {
  test.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => checkBijector(one));
});

const numbers = (roots: readonly Tensor[], leaves: ReadonlyMap<Tensor, Value>): number[][] =>
  evaluate(roots, leaves).map(({ data }) => Array.from(data));

test("flows start as the identity where their networks give zeros", () => {
  const x = new Input("x", [2, 5]);
  const network = new VectorNetwork(2, 6, { hiddenDims });
  const coupling = new AffineCoupling(network, halves([2, 3], "second"));
  const { z, logDet } = coupling.toLatent(x, evaluation);
  const given = sines(x, 0.2);
  const [found, volumes] = numbers([z, logDet], new Map([...initialValues(coupling), [x, given]]));
  expect(found).toEqual([...given.data]);
  expect(volumes).toEqual([0, 0]);
});

test("the scales of a coupling stay below its bound, whatever its network says", () => {
  const huge = { apply: (kept: Tensor) => constant([1e6, 0], [1, 2]).broadcastTo([kept.shape[0]!, 2]) };
  const { logDet } = new AffineCoupling(huge, halves([1, 1], "second"), { bound: 2 }).toLatent(
    constant([1, 1], [1, 2]),
    evaluation,
  );
  expect(numbers([logDet], new Map())).toEqual([[2]]);
});

describe("ActNorm", () => {
  const norm = new ActNorm(2);
  const x = new Input("x", [6, 2, 3]);
  const data = value(
    "float32",
    x.shape,
    sines(x, 0.4).data.map((v, i) => (Math.floor(i / 3) % 2 === 0 ? 5 + 0.1 * v : -20 * v)),
  );
  const context = new TrainingContext();
  const { z, logDet } = norm.toLatent(x, context);
  const updates = [...context.updates];
  const initial = new Map([...initialValues(norm), [x as Tensor, data]]);
  const [first, volume, ...next] = evaluate([z, logDet, ...updates.map(([, t]) => t)], initial);
  const after = new Map([...initial, ...updates.map(([v], i) => [v as Tensor, next[i]!] as const)]);

  test("makes mean 0 and variance 1 of the first training batch", () => {
    for (const channel of [0, 1]) {
      const own = [...first!.data].filter((_, i) => Math.floor(i / 3) % 2 === channel);
      const mean = own.reduce((a, b) => a + b) / own.length;
      const variance = own.reduce((a, b) => a + (b - mean) ** 2, 0) / own.length;
      expect(mean).toBeCloseTo(0, 6);
      expect(variance).toBeCloseTo(1, 4);
    }
  });

  test("keeps what the first batch set: later ones and evaluation go through the same map", () => {
    const other = value(
      "float32",
      x.shape,
      data.data.map((v) => 3 * v + 1),
    );
    const again = new TrainingContext();
    const trained = norm.toLatent(x, again);
    const evaluated = norm.toLatent(x, evaluation);
    const kept = [...again.updates];
    const found = numbers([trained.z, evaluated.z, ...kept.map(([, t]) => t)], new Map([...after, [x, other]]));
    expect(found[0]).toEqual(found[1]);
    expect(found.slice(2)).toEqual(kept.map(([v]) => Array.from(after.get(v)!.data)));
    expect(numbers([evaluated.z, evaluated.logDet], after)).toEqual([[...first!.data], [...volume!.data]]);
  });

  test("a channel of one value is not scaled without bound", () => {
    const flat = new TrainingContext();
    const { z: same } = norm.toLatent(x, flat);
    const [found] = numbers([same], new Map([...initial, [x as Tensor, value("float32", x.shape, Array(36).fill(7))]]));
    expect(found!.every((v) => v === 0)).toBe(true);
  });
});

test("InvertibleLinear starts as a rotation of determinant 1 in absolute value", () => {
  const map = new InvertibleLinear(4);
  const x = new Input("x", [1, 4]);
  const given = sines(x, 0.3);
  const { z, logDet } = map.toLatent(x);
  const [found, volume] = numbers([z, logDet], new Map([...initialValues(map), [x, given]]));
  const norm = (v: ArrayLike<number>): number => Math.hypot(...Array.from(v));
  expect(norm(found!)).toBeCloseTo(norm(given.data), 5);
  expect(found).not.toEqual([...given.data]);
  expect(volume).toEqual([0]);
});

describe("Dequantize", () => {
  const levels = 4;
  const x = new Input("x", [3, 1, 2, 2]);
  const v = Float64Array.from([0, 1, 2, 3, 3, 2, 1, 0, 0, 0, 3, 3]);
  const data = value(
    "float32",
    x.shape,
    v.map((level) => level / (levels - 1)),
  );

  test("spreads each level over its cell, uniformly, and rounds back to it", () => {
    const dequantize = new Dequantize(levels);
    const { z, logDet } = dequantize.toLatent(x, evaluation);
    const roots = [z, logDet, dequantize.toData(z)];
    const [y, volume, back] = numbers(roots, new Map([[x as Tensor, data], ...noiseValues(roots, 1)]));
    y!.forEach((each, i) => expect(Math.floor(each * levels)).toBe(v[i]));
    expect(volume![0]).toBeCloseTo(-4 * Math.log(levels), 10);
    expect(back).toEqual([...data.data]);
  });

  test("values beyond the interval become the nearest level", () => {
    const back = new Dequantize(levels).toData(constant([-3, 0.999, 1, 17], [1, 4]));
    expect(numbers([back], new Map())).toEqual([[0, 1, 1, 1]]);
  });

  test("noise of a flow lies in the cell, and has the density of the flow", () => {
    const flow = new Chain([
      new Squeeze(),
      new AffineCoupling(new ImageNetwork(2, 4, { ...images, givenChannels: 4 }), halves([2, 2], "second")),
      new Inverse(new Squeeze()),
    ]);
    const variational = new VariationalNoise(flow, { apply: (t: Tensor) => new Squeeze().toLatent(t).z });
    const { u, logProb } = variational.sample(x, evaluation);
    const noises = noiseValues([u], 3);
    const [[e, at]] = [...noises] as [[Tensor, Value]];
    const leaves = new Map([...randomParameters(variational, 0.3), [x as Tensor, data] as const, ...noises]);
    const [samples, logs] = numbers([u, logProb], leaves);
    const logDets = logDetsByDifferences(u, e, leaves);
    expect(samples!.every((each) => each > 0 && each < 1)).toBe(true);
    logs!.forEach((each, i) => {
      const own = at.data.slice(4 * i, 4 * (i + 1));
      const logNormal = own.reduce((total, v) => total - (v ** 2 + Math.log(2 * Math.PI)) / 2, 0);
      expect(each).toBeCloseTo(logNormal - logDets[i]!, 4);
    });
  });
});

test("images that have no 2x2 blocks are refused by their shape", () => {
  expect(() => new Squeeze().toLatent(new Input("x", [2, 1, 5, 4]))).toThrow(
    "Squeeze: examples have no 2x2 blocks, got shape [1, 5, 4], expected images of even height and width",
  );
});

test("a mask of anything but zeros and ones is refused", () => {
  expect(() => masked([1, 0.5], [2])).toThrow(
    "masked: a value is neither kept nor changed, got a mask of 0.5, expected zeros and ones",
  );
});
