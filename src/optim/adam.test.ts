import { describe, expect, test } from "vitest";
import { float64Digits, sineGradients, sineStart, stepReference } from "../../test/optimizer-reference.ts";
import { adam, adamax, adamW } from "./adam.ts";
import type { Optimizer } from "./optimizer.ts";

describe("torch.optim 2.13 gives the same weights in float64", () => {
  test.each<[string, Optimizer, readonly number[]]>([
    [
      "Adam(lr=0.1)",
      adam({ learningRate: 0.1 }),
      [0.3487833963893266, -1.3386284735802059, 1.9033126917966876, 0.18386100595411772],
    ],
    [
      "AdamW(lr=0.1)",
      adamW({ learningRate: 0.1 }),
      [0.3467540461553366, -1.3322047411657334, 1.8936687925374642, 0.18323887969728514],
    ],
  ])("%s", (_, optimizer, expected) => {
    const { parameter } = stepReference(optimizer, sineStart, sineGradients);
    expected.forEach((v, i) => expect(parameter[i]).toBeCloseTo(v, float64Digits));
  });

  // PyTorch adds epsilon to |g| inside the maximum, the paper has none at all: they differ by about epsilon.
  test("Adamax(lr=0.1), up to where epsilon stands", () => {
    const { parameter } = stepReference(adamax({ learningRate: 0.1 }), sineStart, sineGradients);
    const expected = [0.35593314413058463, -1.337270323398502, 1.9051088990872567, 0.17467191546902336];
    expected.forEach((v, i) => expect(parameter[i]).toBeCloseTo(v, 7));
  });
});

describe("Adam", () => {
  test("the first step is the learning rate against the gradient's sign, whatever its size", () => {
    const { parameter } = stepReference(adam({ learningRate: 0.01 }), [1, 1, 1, 1], [[1e-3, -1e-3, 1e3, -1e3]]);
    [0.99, 1.01, 0.99, 1.01].forEach((v, i) => expect(parameter[i]).toBeCloseTo(v, 6));
  });

  test("a gradient that was always zero leaves the weight alone", () => {
    const zero = [0, 0, 0, 0];
    expect([...stepReference(adam({ learningRate: 0.1 }), sineStart, [zero, zero]).parameter]).toEqual(sineStart);
    expect([...stepReference(adamax({ learningRate: 0.1 }), sineStart, [zero, zero]).parameter]).toEqual(sineStart);
  });

  test("a learning rate that is a function is asked for each step from 1", () => {
    const asked: number[] = [];
    const constant = stepReference(adam({ learningRate: 0.1 }), sineStart, sineGradients);
    const scheduled = adam({ learningRate: (step) => (asked.push(step), 0.1) });
    expect(stepReference(scheduled, sineStart, sineGradients)).toEqual(constant);
    expect([...new Set(asked)]).toEqual([1, 2, 3, 4, 5]);
  });
});

test("AdamW without decay, and on a parameter that does not decay, is Adam", () => {
  const expected = stepReference(adam({ learningRate: 0.1 }), sineStart, sineGradients).parameter;
  const none = adamW({ learningRate: 0.1, weightDecay: 0 });
  expect(stepReference(none, sineStart, sineGradients).parameter).toEqual(expected);
  const spared = adamW({ learningRate: 0.1, weightDecay: 0.3 });
  expect(stepReference(spared, sineStart, sineGradients, { decays: false }).parameter).toEqual(expected);
});

test("AdamW shrinks a weight without gradient by 1 - rate lambda a step", () => {
  const zero = [0, 0, 0, 0];
  const { parameter } = stepReference(adamW({ learningRate: 0.1, weightDecay: 0.5 }), sineStart, [zero, zero]);
  sineStart.forEach((v, i) => expect(parameter[i]).toBeCloseTo(v * 0.95 ** 2, float64Digits));
});
