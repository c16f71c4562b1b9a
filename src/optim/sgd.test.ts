import { describe, expect, test } from "vitest";
import { float64Digits, sineGradients, sineStart, stepReference } from "../../test/optimizer-reference.ts";
import type { Optimizer } from "./optimizer.ts";
import { sgd } from "./sgd.ts";

describe("torch.optim 2.13 gives the same weights in float64", () => {
  test.each<[string, Optimizer, readonly number[]]>([
    [
      "SGD(lr=0.1)",
      sgd({ learningRate: 0.1 }),
      [0.46910994929219857, -1.2930348547930093, 1.9418693124110928, 0.1323146574633867],
    ],
    [
      "SGD(lr=0.1, momentum=0.9)",
      sgd({ learningRate: 0.1, momentum: 0.9 }),
      [0.3994887671406196, -1.4197710123625213, 1.945305344350804, 0.39073762854924426],
    ],
    [
      "SGD(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.05)",
      sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.05 }),
      [0.34189735190705445, -1.3829631409889425, 1.7287953733548072, 0.4381672837851193],
    ],
  ])("%s", (_, optimizer, expected) => {
    const { parameter } = stepReference(optimizer, sineStart, sineGradients);
    expected.forEach((v, i) => expect(parameter[i]).toBeCloseTo(v, float64Digits));
  });
});

test("with a constant gradient the velocity tends to g / (1 - mu)", () => {
  const optimizer = sgd({ learningRate: 0.01, momentum: 0.5 });
  const { slots } = stepReference(
    optimizer,
    [0],
    Array.from({ length: 60 }, () => [3]),
  );
  expect(slots["velocity"]![0]).toBeCloseTo(6, float64Digits);
});

test("plain descent keeps no state", () => {
  expect(sgd({ learningRate: 0.1 }).slots).toEqual({});
});
