import type { Split } from "../../data/split.ts";
import type { FactorValues } from "../../metrics/codes/factored-codes.ts";

/** The known factors of a split's examples that take more than one value. */
export function varyingFactors({ dataset: { factors }, indices }: Split): readonly FactorValues[] {
  if (!factors) return [];
  const values = Array.from(indices, (example) => factors.of(example));
  return factors.names
    .map((name, k) => ({ name, values: values.map((of) => of[k]!), ordered: !factors.kinds.includes(name) }))
    .filter((factor) => factor.values.some((v) => v !== factor.values[0]));
}
