import { noise, type Tensor } from "../../../graph/tensor.ts";
import { gumbelNoise } from "../../../distributions/noise.ts";
import { cast } from "../../../ops/comparison.ts";
import { exp, floor, stopGradient } from "../../../ops/elementwise.ts";
import { gather } from "../../../ops/indexing.ts";
import { matmul } from "../../../ops/linalg.ts";
import { flatten, reshape, transpose } from "../../../ops/movement.ts";
import { log, reciprocal, square } from "../../../ops/arithmetic.ts";
import { argmax, max, mean, sum } from "../../../ops/reduction.ts";

/** Sinkhorn iterations, and the regularization as a fraction of the mean cost. */
const [ITERATIONS, EPSILON] = [40, 0.02];

/**
 * What the paths of a batch x start from, in its shape, by name: noise, or `source` of other data, as many of them as there are examples.
 * `independent`: N(0, I), or any of the source, for each. `paired`: of the source its own. `optimal-transport`: of as many
 * samples of N(0, I), or of the source, one for each by a plan of small total squared distance (Tong et al. 2024, arXiv:2302.00482; Pooladian et al. 2023, arXiv:2304.14772), so that paths cross less. The plan is the entropic one, by Sinkhorn's iterations
 * (Cuturi 2013, arXiv:1306.0895); row i takes noise j with probability plan_ij / sum_j plan_ij. What an example is given stays with it.
 */
export const couplings = {
  independent: (x: Tensor, source?: Tensor) => {
    if (!source) return noise.normal(x.shape);
    const [rows] = x.shape as readonly [number];
    return gather(source, cast(floor(noise.uniform([rows]).mul(rows)), "int64"), 0);
  },
  paired: (x: Tensor, source: Tensor = noise.normal(x.shape)) => source,
  "optimal-transport": (x: Tensor, source?: Tensor) => {
    const n = source ?? noise.normal(x.shape);
    const plan = transportPlan(flatten(x), flatten(n));
    const drawn = argmax(log(plan).add(gumbelNoise(plan.shape, "float32")), 1);
    return reshape(gather(flatten(n), drawn, 0), x.shape);
  },
} as const satisfies Record<string, (x: Tensor, source?: Tensor) => Tensor>;
export type CouplingName = keyof typeof couplings;

/**
 * The plan between rows [n, d] and [m, d]: what each of the n sends to each of the m, [n, m] whose columns have the sum 1. Sinkhorn's iterations
 * are rows and columns divided by their sums in turn; each starts with an entry of 1, so that none vanishes.
 */
export function transportPlan(x: Tensor, y: Tensor): Tensor {
  const squares = (t: Tensor): Tensor => sum(square(t), 1, true);
  const cost = stopGradient(
    squares(x)
      .add(transpose(squares(y)))
      .sub(matmul(x, transpose(y)).mul(2)),
  );
  const kernel = cost.div(mean(cost).mul(EPSILON)).neg();
  const byRows = kernel.sub(max(kernel, 1, true));
  let plan = exp(byRows.sub(max(byRows, 0, true)));
  for (let i = 0; i < ITERATIONS; i++) {
    plan = plan.mul(reciprocal(sum(plan, 1, true)));
    plan = plan.mul(reciprocal(sum(plan, 0, true)));
  }
  return plan;
}
