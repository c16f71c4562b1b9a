import { expect, test } from "vitest";
import { isReviewed } from "./validation-schedule.ts";

const reviewed = (epochs: number, of: { stepsPerEpoch: number; patience?: number }): number[] =>
  Array.from({ length: epochs }, (_, i) => i + 1).filter((epoch) => isReviewed(epoch, of));

test("epochs of ten steps or more are looked at one by one", () => {
  for (const stepsPerEpoch of [10, 11, 469]) expect(reviewed(300, { stepsPerEpoch })).toHaveLength(300);
});

test("short ones after the hundredth every 50 steps", () => {
  const first = Array.from({ length: 100 }, (_, i) => i + 1);
  expect(reviewed(300, { stepsPerEpoch: 1 })).toEqual([...first, 150, 200, 250, 300]);
  for (const stepsPerEpoch of [2, 3, 7, 9]) {
    const later = reviewed(1000, { stepsPerEpoch }).slice(100);
    expect(later.length).toBeGreaterThan(30);
    later.slice(1).forEach((epoch, i) => {
      const apart = (epoch - later[i]!) * stepsPerEpoch;
      expect(apart).toBeGreaterThanOrEqual(50);
      expect(apart).toBeLessThan(50 + stepsPerEpoch);
    });
  }
});

test("each where patience counts them", () => {
  expect(reviewed(300, { stepsPerEpoch: 1, patience: 5 })).toHaveLength(300);
  // None counts none.
  expect(reviewed(300, { stepsPerEpoch: 1, patience: 0 })).toEqual(reviewed(300, { stepsPerEpoch: 1 }));
});
