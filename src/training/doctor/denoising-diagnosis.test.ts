import { expect, test } from "vitest";
import { diagnoseDenoiser } from "./denoising-diagnosis.ts";
import type { Measured } from "./diagnosis.ts";

/** Reports of a run whose loss at middle levels goes from `start` to `end`. */
const record = (start: number, end: number, count = 40): Measured[] =>
  Array.from({ length: count }, (_, i) => ({
    split: "train" as const,
    step: 10 * i,
    metrics: {
      loss: 1,
      lossLowNoise: 0.9,
      lossMiddleNoise: end + (start - end) * Math.exp(-i / 5) + 0.01 * Math.sin(i),
      lossHighNoise: 1,
    },
  }));

test("a loss that does not fall between little and much noise is a finding, with its evidence", () => {
  const [found] = diagnoseDenoiser(record(1, 0.99));
  expect(found?.finding).toBe("noise-levels-not-learned");
  expect(found?.evidence).toMatch(
    /^the loss at middle noise levels is 0\.9\d* after 1\.?\d* at the start; at little noise 0\.9, at much 1$/,
  );
});

test("a loss that falls is none, nor are few reports or another model's", () => {
  expect(diagnoseDenoiser(record(1, 0.4))).toEqual([]);
  expect(diagnoseDenoiser(record(1, 1, 10))).toEqual([]);
  expect(diagnoseDenoiser(record(1, 1).map(({ split, step }) => ({ split, step, metrics: { loss: 1 } })))).toEqual([]);
});
