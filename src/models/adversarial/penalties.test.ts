import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { sines } from "../../../test/variable-values.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { grad } from "../../graph/grad.ts";
import { constant, Input, type Tensor } from "../../graph/tensor.ts";
import { type Value, value } from "../../graph/value.ts";
import { evaluation } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { sigmoid } from "../../ops/elementwise.ts";
import { sum } from "../../ops/reduction.ts";
import { adversarialNetworkConfig, Discriminator } from "./networks.ts";
import { gradientPenalties } from "./penalties.ts";
import { z } from "zod";

const config = z.object(adversarialNetworkConfig).parse({ hiddenDims: [5, 4] });
const discriminator = new Discriminator(config, [3]);
const [real, fake] = [new Input("real", [4, 3]), new Input("fake", [4, 3])];
const held = new Map<Tensor, Value>([
  ...[...parameters(discriminator).values()].map((v, i) => [v, sines(v, i)] as const),
  [real, sines(real, 10)],
  [fake, sines(fake, 20)],
]);
const weights = [...parameters(discriminator).values()];
const f = (x: Tensor): Tensor => discriminator.apply(x, evaluation);
const penaltyOf = (name: keyof typeof gradientPenalties): Tensor => gradientPenalties[name].of(f, { real, fake });

/** The e of the interpolates. */
const fixedNoise = (root: Tensor): Map<Tensor, Value> =>
  new Map([...noiseValues([root], 0).keys()].map((leaf) => [leaf, value("float32", [4, 1], [0.1, 0.4, 0.6, 0.9])]));

const numbers = (roots: readonly Tensor[], values: Map<Tensor, Value>): readonly number[][] =>
  evaluate(roots, values).map(({ data }) => Array.from(data, Number));

// PyTorch 2.13, float64, autograd with create_graph: the penalty, then the Euclidean norm of its gradient in each weight.
const byPyTorch = {
  interpolates: [0.006824267641024487, 0.1226081, 0, 0.2307377, 0, 0.1966634, 0],
  js: [0.5390361533647811, 0.9638617, 0.056015, 1.350634, 0.024399, 1.3849134, 0.0211732],
  r1: [0.735852309698545, 1.19888, 0, 1.6888686, 0, 1.6928459, 0],
  r2: [0.8031516664441223, 1.2468088, 0, 1.6425969, 0, 1.7537013, 0],
  "r1-r2": [1.5390039761426673, 2.4242395, 0, 3.3095785, 0, 3.4420217, 0],
} as const;

describe.each(Object.keys(gradientPenalties) as (keyof typeof gradientPenalties)[])("penalty %s", (name) => {
  const penalty = penaltyOf(name);
  const values = new Map([...held, ...fixedNoise(penalty)]);

  test("it and its gradient are PyTorch's", () => {
    const [found, ...gradients] = numbers([penalty, ...grad(penalty, weights)], values);
    const norms = gradients.map((g) => Math.hypot(...g));
    [found![0]!, ...norms].forEach((v, i) => expect(v, `${i}`).toBeCloseTo(byPyTorch[name][i]!, 6));
  });

  test("its second-order gradient is the slope of its values", () => {
    const gradients = numbers(grad(penalty, weights), values);
    weights.forEach((weight, w) =>
      gradients[w]!.forEach((slope, at) => {
        const moved = (by: number): number => {
          const data = Float64Array.from(values.get(weight)!.data as ArrayLike<number>);
          data[at]! += by;
          return numbers([penalty], new Map([...values, [weight, { ...values.get(weight)!, data } as Value]]))[0]![0]!;
        };
        expect((moved(1e-5) - moved(-1e-5)) / 2e-5).toBeCloseTo(slope, 6);
      }),
    );
  });
});

test("of a linear f the penalties are what its slope makes them", () => {
  const slope = constant([0.6, -0.8, 2.4], [3]);
  const linear = (x: Tensor): Tensor => sum(x.mul(slope), 1);
  const norm = Math.hypot(0.6, -0.8, 2.4);
  const of = (name: keyof typeof gradientPenalties): number => {
    const penalty = gradientPenalties[name].of(linear, { real, fake });
    return numbers([penalty], new Map([...held, ...fixedNoise(penalty)]))[0]![0]!;
  };
  expect(of("interpolates")).toBeCloseTo((norm - 1) ** 2, 6);
  expect(of("r1")).toBeCloseTo(norm ** 2 / 2, 6);
  expect(of("r2")).toBeCloseTo(norm ** 2 / 2, 6);
  expect(of("r1-r2")).toBeCloseTo(norm ** 2, 6);
  const [onReal, onFake] = numbers([sigmoid(linear(real)), sigmoid(linear(fake))], held);
  const weight = onReal!.reduce((s, d) => s + (1 - d) ** 2, 0) / 4 + onFake!.reduce((s, d) => s + d ** 2, 0) / 4;
  expect(of("js")).toBeCloseTo((weight * norm ** 2) / 2, 6);
});

test("the norm of the interpolates is each example's, not the batch's", () => {
  // f(x) = |x|^2 / 2 has the gradient x: its norm differs from example to example.
  const square = (x: Tensor): Tensor => sum(x.mul(x), 1).div(2);
  const penalty = gradientPenalties.interpolates.of(square, { real, fake: real });
  const [found, x] = numbers([penalty, real], new Map([...held, ...fixedNoise(penalty)]));
  const norms = [0, 1, 2, 3].map((i) => Math.hypot(...x!.slice(3 * i, 3 * i + 3)));
  expect(new Set(norms.map((n) => n.toFixed(3))).size).toBe(4);
  expect(found![0]).toBeCloseTo(norms.reduce((s, n) => s + (n - 1) ** 2, 0) / 4, 6);
});
