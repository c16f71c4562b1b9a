import { describe, expect, test } from "vitest";
import { sines } from "../../test/variable-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import { constant, type Tensor, Variable } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { TrainingContext } from "./context.ts";
import { variables } from "./module.ts";
import { SpectralPenalty } from "./spectral-normalization.ts";
import { SqueezeExcite } from "./residual.ts";

test("squeeze-and-excitation: each channel times the gate that two layers make of the channels' means", () => {
  const layer = new SqueezeExcite(2, 1);
  const x = constant([1, 3, 5, 7, -2, 2, 0, 4], [1, 2, 2, 2]);
  const values = new Map<Tensor, Value>([...variables(layer).values()].map((v, i) => [v, sines(v, i)]));
  const [w1, b1, w2, b2] = [...variables(layer).values()].map((v) => Array.from(values.get(v)!.data, Number)) as [
    number[],
    number[],
    number[],
    number[],
  ];
  const means = [4, 1];
  const hidden = b1.map((b, k) => Math.max(0, b + w1[2 * k]! * means[0]! + w1[2 * k + 1]! * means[1]!));
  const gates = b2.map(
    (b, c) => 1 / (1 + Math.exp(-hidden.reduce((sum, h, k) => sum + w2[hidden.length * c + k]! * h, b))),
  );
  const found = Array.from(evaluate([layer.apply(x)], values)[0]!.data, Number);
  [1, 3, 5, 7, -2, 2, 0, 4].forEach((v, i) => expect(found[i]).toBeCloseTo(v * gates[Math.floor(i / 4)]!, 5));
});

describe("the spectral penalty", () => {
  const weight = new Variable([2, 3], { kind: "constant", value: 0 });
  const penalty = new SpectralPenalty([weight], 1);
  const context = new TrainingContext();
  const sum = penalty.of(context);
  const [left] = [...context.updates.keys()];

  test("becomes the largest singular value, whose gradient is u v^T", () => {
    // Singular values 3 and 2, of u = (0, 1) and v = (0, 0, 1), and the other axes.
    const held = value("float32", [2, 3], Float64Array.of(2, 0, 0, 0, 0, 3));
    let u = value("float32", [1, 2], Float64Array.of(0.8, 0.6));
    for (let step = 0; step < 40; step++)
      u = evaluate(
        [context.updates.get(left!)!],
        new Map<Tensor, Value>([
          [weight, held],
          [left!, u],
        ]),
      )[0]!;
    const [sigma, gradient] = evaluate(
      [sum, ...grad(sum, [weight])],
      new Map<Tensor, Value>([
        [weight, held],
        [left!, u],
      ]),
    );
    expect(Number(sigma!.data[0])).toBeCloseTo(3, 5);
    [0, 0, 0, 0, 0, 1].forEach((v, i) => expect(Number(gradient!.data[i])).toBeCloseTo(v, 5));
  });

  test("of a weight of zeros is 0, with a gradient that is a number", () => {
    const values = new Map<Tensor, Value>([
      [weight, value("float32", [2, 3], new Float64Array(6))],
      [left!, value("float32", [1, 2], Float64Array.of(0.8, 0.6))],
    ]);
    const [sigma, gradient] = evaluate([sum, ...grad(sum, [weight])], values);
    expect(Number(sigma!.data[0])).toBeLessThan(1e-10);
    expect(Array.from(gradient!.data, Number).every(Number.isFinite)).toBe(true);
  });
});
