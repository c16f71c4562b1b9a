import { expect, test } from "vitest";
import { float64Digits, stepReference } from "../../test/optimizer-reference.ts";
import { adam } from "./adam.ts";
import { sgd } from "./sgd.ts";
import { trackEma, clipByNorm, clipByValue, clipWeights } from "./wrappers.ts";

const descent = sgd({ learningRate: 1 });

test("clipByNorm brings the gradients of all parameters together to the limit, as torch's clip_grad_norm_ does", () => {
  // Gradients (3, 0) of one parameter and 4 of another: norm 5. PyTorch adds 1e-6 to the norm, this 1e-12.
  const clipped = clipByNorm(descent, 1);
  const [a, b] = [
    stepReference(clipped, [0, 0], [[3, 0]], { norms: [5] }).parameter,
    stepReference(clipped, [0], [[4]], { norms: [5] }).parameter,
  ];
  expect(a[0]).toBeCloseTo(-0.599999880000024, 6);
  expect(b[0]).toBeCloseTo(-0.799999840000032, 6);
  expect(Math.hypot(...a, ...b)).toBeCloseTo(1, 11);
});

test("clipByNorm leaves gradients below the limit, and zero ones, as they are", () => {
  expect([...stepReference(clipByNorm(descent, 10), [0, 0], [[3, 4]], { norms: [5] }).parameter]).toEqual([-3, -4]);
  expect([...stepReference(clipByNorm(descent, 10), [1], [[0]], { norms: [0] }).parameter]).toEqual([1]);
});

test("clipByNorm scales a gradient's length and not its direction, clipByValue each element", () => {
  const byNorm = stepReference(clipByNorm(descent, 1), [0, 0], [[30, -40]], { norms: [50] }).parameter;
  expect(byNorm[0]! / byNorm[1]!).toBeCloseTo(-0.75, float64Digits);
  expect([...stepReference(clipByValue(descent, 1), [0, 0, 0], [[30, -40, 0.5]]).parameter]).toEqual([-1, 1, -0.5]);
});

test("clipWeights holds the weights and not the gradient", () => {
  const { parameter } = stepReference(clipWeights(descent, 0.01), [0.009, 0, 0], [[0.005, -7, 7]]);
  [0.004, 0.01, -0.01].forEach((v, i) => expect(parameter[i]).toBeCloseTo(v, float64Digits));
});

test("trackEma follows the weights: it starts at them, and d = min(decay, (1 + t) / (10 + t))", () => {
  const tracked = trackEma(descent, 0.25);
  // Weights 2, 1, 0 after steps 1, 2, 3; decays 2/11, then 0.25 twice.
  const { parameter, slots } = stepReference(tracked, [3], [[1], [1], [1]]);
  const first = (2 / 11) * 3 + (9 / 11) * 2;
  const second = 0.25 * first + 0.75;
  expect(parameter[0]).toBe(0);
  expect(slots["ema"]![0]).toBeCloseTo(0.25 * second, float64Digits);
});

test("wrapping keeps what the inner optimizer is and needs", () => {
  const wrapped = trackEma(clipByNorm(clipWeights(adam({ learningRate: 0.1 }), 1), 1), 0.999);
  expect(wrapped.name).toBe("adam");
  expect(wrapped.needsGradientNorm).toBe(true);
  expect(Object.keys(wrapped.slots)).toEqual(["m", "v", "ema"]);
  expect(Object.keys(wrapped.scalars({ step: 1, updates: 1, decays: true }))).toEqual([
    "rate",
    "correction",
    "keep",
    "emaDecay",
  ]);
});
