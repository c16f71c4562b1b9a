import type { Distribution } from "../distributions/distribution.ts";
import { Independent } from "../distributions/independent.ts";
import { Normal } from "../distributions/normal.ts";
import { evaluate } from "../graph/evaluate.ts";
import { Constant } from "../graph/tensor.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { GaussianMixture } from "./gaussian-mixture.ts";

/** N(0, I) over codes of `dim` numbers. */
export const standardNormal = (dim: number): GaussianMixture =>
  new GaussianMixture({
    covariance: "diagonal",
    weights: Float64Array.of(1),
    means: new Float64Array(dim),
    factors: new Float64Array(dim).fill(1),
  });

/** Whether a distribution is N(0, I), with nothing learned in it. */
export function isStandardNormal(distribution: Distribution | undefined): boolean {
  if (!(distribution instanceof Independent && distribution.base instanceof Normal)) return false;
  const { mean, variance } = distribution;
  const leaves = topologicalOrder([mean, variance]).filter(({ inputs }) => inputs.length === 0);
  if (!leaves.every((leaf) => leaf instanceof Constant)) return false;
  const [means, variances] = evaluate([mean, variance]);
  return [...means!.data].every((m) => m === 0) && [...variances!.data].every((v) => v === 1);
}
