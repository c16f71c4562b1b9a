import { expect, test } from "vitest";
import type { Measured } from "./diagnosis.ts";
import { diagnoseInverse } from "./inverse-diagnosis.ts";

const validation = (step: number, roundTrip: number): Measured => ({
  split: "validation",
  step,
  metrics: { nll: 1, roundTrip },
});

test("an inverse that no longer gives examples back is a finding, with its error at the last validation", () => {
  expect(diagnoseInverse([validation(100, 1e-6), validation(200, 35.21)])).toEqual([
    {
      finding: "exploding-inverse",
      evidence:
        "validation examples decode from their own codes with an error of 35.21 at step 200: the inverse multiplies rounding errors, and samples are wrong too",
      remedy: "a lower --learning-rate, --clip-norm 1, or fewer couplings",
    },
  ]);
});

test("errors of float32, one that training got over, and models without an inverse are none", () => {
  expect(diagnoseInverse([validation(100, 1e-4)])).toEqual([]);
  expect(diagnoseInverse([validation(100, 5), validation(200, 1e-5)])).toEqual([]);
  expect(diagnoseInverse([{ split: "validation", step: 1, metrics: { nll: 1 } }])).toEqual([]);
});
