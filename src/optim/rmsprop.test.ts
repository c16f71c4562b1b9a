import { expect, test } from "vitest";
import { float64Digits, sineGradients, sineStart, stepReference } from "../../test/optimizer-reference.ts";
import type { Optimizer } from "./optimizer.ts";
import { rmsProp } from "./rmsprop.ts";

test.each<[string, Optimizer, readonly number[]]>([
  [
    "RMSprop(lr=0.1)",
    rmsProp({ learningRate: 0.1 }),
    [-0.23497482149830357, -2.0140032244674853, 1.157187407394852, 0.7371957333088173],
  ],
  [
    "RMSprop(lr=0.1, alpha=0.9, momentum=0.9)",
    rmsProp({ learningRate: 0.1, decay: 0.9, momentum: 0.9 }),
    [-0.3526801982059162, -2.0497936517085136, 1.217736125027138, 0.8804896393218189],
  ],
])("torch.optim 2.13 gives the same weights in float64: %s", (_, optimizer, expected) => {
  const { parameter } = stepReference(optimizer, sineStart, sineGradients);
  expected.forEach((v, i) => expect(parameter[i]).toBeCloseTo(v, float64Digits));
});
