import { noise, type Tensor } from "../../../graph/tensor.ts";
import { gumbelNoise } from "../../../distributions/noise.ts";
import { stopGradient } from "../../../ops/elementwise.ts";
import { gather } from "../../../ops/indexing.ts";
import { matmul } from "../../../ops/linalg.ts";
import { flatten, reshape, transpose } from "../../../ops/movement.ts";
import { square } from "../../../ops/arithmetic.ts";
import { argmax, logSumExp, mean, sum } from "../../../ops/reduction.ts";

/** Sinkhorn iterations, and the regularization as a fraction of the mean cost. */
const [ITERATIONS, EPSILON] = [40, 0.02];

/**
 * Noise of the same shape as a batch x, a row for each example, by name. `independent`: N(0, I) of each. `optimal-transport`: of as many
 * samples of N(0, I) as there are examples, one for each by a plan of small total squared distance (Tong et al. 2024, arXiv:2302.00482, section
 * 3.2; Pooladian et al. 2023, arXiv:2304.14772), so that paths cross less. The plan is the entropic one, by Sinkhorn's iterations
 * (Cuturi 2013, arXiv:1306.0895); row i takes noise j with probability plan_ij / sum_j plan_ij. What an example is given stays with it.
 */
export const couplings = {
  independent: (x) => noise.normal(x.shape),
  "optimal-transport": (x) => {
    const n = noise.normal(x.shape);
    const logPlan = logTransportPlan(flatten(x), flatten(n));
    const drawn = argmax(logPlan.add(gumbelNoise(logPlan.shape, "float32")), 1);
    return reshape(gather(flatten(n), drawn, 0), x.shape);
  },
} as const satisfies Record<string, (x: Tensor) => Tensor>;
export type CouplingName = keyof typeof couplings;

/** log plan between rows [n, d] and [m, d], up to a constant of each row. */
export function logTransportPlan(x: Tensor, y: Tensor): Tensor {
  const squares = (t: Tensor): Tensor => sum(square(t), 1, true);
  const cost = stopGradient(
    squares(x)
      .add(transpose(squares(y)))
      .sub(matmul(x, transpose(y)).mul(2)),
  );
  const kernel = cost.div(mean(cost).mul(EPSILON)).neg();
  let f = logSumExp(kernel, 1, true).neg();
  let g = logSumExp(kernel.add(f), 0, true).neg();
  for (let i = 1; i < ITERATIONS; i++) {
    f = logSumExp(kernel.add(g), 1, true).neg();
    g = logSumExp(kernel.add(f), 0, true).neg();
  }
  return kernel.add(f).add(g);
}
