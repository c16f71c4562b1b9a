import { describe, expect, test } from "vitest";
import { type BijectorCase, checkBijector } from "../../test/check-bijector.ts";
import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { MLP } from "../nn/mlp.ts";
import type { BijectorNetwork } from "./bijector.ts";
import { stream } from "../random/index.ts";
import { compute } from "../runtime/compute.ts";
import { cpuDevice } from "../runtime/node.ts";
import {
  affine,
  Autoregressive,
  Chain,
  Coupling,
  halves,
  Inverse,
  Permutation,
  Planar,
  Radial,
  rationalQuadratic,
} from "./index.ts";

const device = await cpuDevice();
const spline = rationalQuadratic({ bins: 6, bound: 3 });
const network = (kept: number, changed: number): BijectorNetwork => new MLP([kept, 8, changed * spline.parameters]);
const autoregressive = { hiddenDims: [12, 9], activation: "tanh" } as const;

const size = 4;
const cases: readonly BijectorCase[] = [
  { name: "a fixed order", bijector: Permutation.shuffled(5, 3), shape: [5] },
  { name: "planar", bijector: new Planar(size), shape: [size], spread: 1.5 },
  { name: "planar, given a vector", bijector: new Planar(3, { given: 2 }), shape: [3], given: [2], spread: 1 },
  { name: "planar, of one value", bijector: new Planar(1), shape: [1], spread: 2 },
  { name: "radial", bijector: new Radial(size), shape: [size], spread: 1.5 },
  { name: "radial, given a vector", bijector: new Radial(3, { given: 2 }), shape: [3], given: [2], spread: 1 },
  {
    name: "a spline coupling",
    bijector: new Coupling(spline, network(2, 3), halves([2, 3], "second")),
    shape: [5],
    spread: 0.25,
  },
  {
    name: "a spline coupling that changes the first part",
    bijector: new Coupling(spline, network(3, 2), halves([2, 3], "first")),
    shape: [5],
    spread: 0.25,
  },
  {
    name: "masked autoregressive",
    bijector: new Autoregressive(affine, { ...autoregressive, size }),
    shape: [size],
    spread: 0.25,
  },
  {
    name: "masked autoregressive, given a vector",
    bijector: new Autoregressive(affine, { ...autoregressive, size: 3, given: 2 }),
    shape: [3],
    given: [2],
    spread: 0.25,
  },
  {
    name: "masked autoregressive, of one value",
    bijector: new Autoregressive(affine, { ...autoregressive, size: 1 }),
    shape: [1],
  },
  {
    name: "spline autoregressive",
    bijector: new Autoregressive(spline, { ...autoregressive, size, given: 1 }),
    shape: [size],
    given: [1],
    spread: 0.25,
  },
  {
    name: "inverse autoregressive",
    bijector: new Inverse(new Autoregressive(affine, { ...autoregressive, size })),
    shape: [size],
    spread: 0.2,
  },
  {
    name: "a chain of them",
    bijector: new Chain([
      new Autoregressive(affine, { ...autoregressive, size, seed: 1 }),
      Permutation.reversed(size),
      new Autoregressive(spline, { ...autoregressive, size, seed: 2 }),
    ]),
    shape: [size],
    spread: 0.15,
  },
];

test.each(cases)("$name keeps the contract of bijectors, near 0 and far from it", (each) => checkBijector(each));

describe("a spline", () => {
  const [batch, values] = [40, 8];
  const x = new Input("x", [batch, values]);
  const parameters = new Input("parameters", [batch, values, spline.parameters]);
  const random = stream(0, "spline");
  const leavesOf = (at: (i: number) => number): Map<Tensor, Value> =>
    new Map([
      [
        x,
        value(
          "float32",
          x.shape,
          Float64Array.from({ length: x.size }, (_, i) => Math.fround(at(i))),
        ),
      ],
      [
        parameters,
        value(
          "float32",
          parameters.shape,
          Float64Array.from({ length: parameters.size }, () => Math.fround(random.normal())),
        ),
      ],
    ]);

  test("keeps values beyond its interval, and their derivatives are finite on both sides of its ends", async () => {
    const ends = [-3, 3, -3.0001, 3.0001, -2.9999, 2.9999, 1e6, -1e6];
    const leaves = leavesOf((i) => ends[i % 8]!);
    const { z, logSlope } = spline.toLatent(x, parameters);
    const back = spline.toData(z, parameters);
    const slopes = grad(z.sum().add(logSlope.sum()).add(back.sum()), [x, parameters]);
    const [mapped, returned, ...derivatives] = await compute(device, [z, back, ...slopes], leaves);
    leaves.get(x)!.data.forEach((v, i) => {
      if (Math.abs(v) >= 3) expect(Math.abs(mapped!.data[i]! - v)).toBeLessThan(1e-5 * Math.abs(v));
      expect(Math.abs(returned!.data[i]! - v)).toBeLessThan(1e-4 * Math.max(1, Math.abs(v)));
    });
    for (const { data } of derivatives) expect(data.every(Number.isFinite)).toBe(true);
  });

  test("increases, from one end of its interval to the other", () => {
    const leaves = leavesOf((i) => -3.5 + (7 * Math.floor(i / values)) / (batch - 1));
    // The same knots for the whole column of values.
    const row = leaves.get(parameters)!.data.slice(0, values * spline.parameters);
    leaves.set(
      parameters,
      value(
        "float32",
        parameters.shape,
        Float64Array.from({ length: parameters.size }, (_, i) => row[i % row.length]!),
      ),
    );
    const { z, logSlope } = spline.toLatent(x, parameters);
    const [mapped, slopes, exact] = evaluate([z, logSlope, grad(z.sum(), [x])[0]!], leaves);
    for (let i = values; i < x.size; i++) expect(mapped!.data[i]!).toBeGreaterThan(mapped!.data[i - values]!);
    slopes!.data.forEach((v, i) => expect(v).toBeCloseTo(Math.log(exact!.data[i]!), 8));
  });
});

test("an order that is none is refused", () => {
  expect(() => new Permutation([0, 2, 2])).toThrow(
    "Permutation: no order of 3, got [0,2,2], expected each of 0 to 2 once",
  );
});
