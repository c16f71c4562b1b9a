import { expect, test } from "vitest";
import { type Best, betterOf, epochsOfPatience, outOfPatience } from "./early-stopping.ts";

test("the best is the lowest first metric, and of equal ones the earliest", () => {
  const curve = [5, 3, 4, 3, 2, 2];
  const bests = curve.reduce<(Best | null)[]>(
    (found, value, i) => [...found, betterOf(found.at(-1) ?? null, 10 * (i + 1), { negElbo: value, rate: -value })],
    [],
  );
  expect(bests.map((best) => best?.step)).toEqual([10, 20, 20, 20, 50, 50]);
  expect(bests.at(-1)).toEqual({ step: 50, metric: "negElbo", value: 2 });
  expect(betterOf(bests[0]!, 20, {})).toBe(bests[0]);
});

test("patience ends after so many epochs without anything better", () => {
  const best = { step: 20, metric: "negElbo", value: 3 };
  const epochsAt = (step: number): number => Math.floor(step / 10);
  const at = (patience: number | undefined, step: number): boolean => outOfPatience(patience, { best, step, epochsAt });
  expect([20, 30, 40, 50].map((step) => at(2, step))).toEqual([false, false, true, true]);
  expect(at(undefined, 1000)).toBe(false);
  expect(outOfPatience(1, { best: null, step: 1000, epochsAt })).toBe(false);
  // Nobody has looked for anything better before the next validation.
  const rarely = [30, 40, 50, 60, 70].map((step) =>
    outOfPatience(2, { best: { ...best, step: 30 }, step, epochsAt, validateEvery: 3 }),
  );
  expect(rarely).toEqual([false, false, false, true, true]);
});

test.each([
  // As given; 0 is none.
  [7, { steps: 10, stepsPerEpoch: 10 }, 7],
  [0, { steps: 10_000, stepsPerEpoch: 10 }, undefined],
  // A quarter, rounded up.
  [undefined, { steps: 1000, stepsPerEpoch: 10 }, 25],
  [undefined, { steps: 1010, stepsPerEpoch: 10 }, 26],
  // At least 20: longer than a usual run.
  [undefined, { steps: 200, stepsPerEpoch: 10 }, 20],
  // At least four validations, which are 50 steps apart where epochs are short.
  [undefined, { steps: 120, stepsPerEpoch: 1 }, 200],
  [undefined, { steps: 120, stepsPerEpoch: 4 }, 52],
  [undefined, { steps: 200, stepsPerEpoch: 10, validateEvery: 8 }, 32],
  [undefined, { steps: 200, stepsPerEpoch: 10, bySamples: true }, undefined],
  [3, { steps: 200, stepsPerEpoch: 10, bySamples: true }, 3],
])("patience of %j in %j is %j epochs", (given, length, expected) => {
  expect(epochsOfPatience(given, length)).toBe(expected);
});
