/** What the training doctor sees in the inverse of a flow. */
import { type Measured, short } from "./diagnosis.ts";
import type { Finding } from "./finding.ts";

/**
 * Mean over validation examples of the largest |x - toData(toLatent(x))|, in units of the data: float32 leaves 1e-6 to 1e-4 of standardized values, and
 * levels come back as they are.
 */
const usualError = 1e-2;

/** Codes of examples no longer decode to them: the flow is invertible in theory alone. */
export function diagnoseInverse(records: readonly Measured[]): readonly Finding[] {
  const last = records.findLast(({ split, metrics }) => split === "validation" && metrics["roundTrip"] !== undefined);
  const error = last?.metrics["roundTrip"];
  if (!last || error === undefined || error <= usualError) return [];
  return [
    {
      finding: "exploding-inverse",
      evidence: `validation examples decode from their own codes with an error of ${short(error)} at step ${last.step}: the inverse multiplies rounding errors, and samples are wrong too`,
      remedy: "a lower --learning-rate, --clip-norm 1, or fewer couplings",
    },
  ];
}
