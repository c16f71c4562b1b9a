/**
 * Probability distributions over tensors, and KL divergences between them.
 *
 * @module latentkit/distributions
 */
export { Bernoulli } from "./bernoulli.ts";
export { Categorical } from "./categorical.ts";
export { Delta } from "./delta.ts";
export { DiscretizedLogistic, type Grid } from "./discretized-logistic.ts";
export type { Distribution } from "./distribution.ts";
export { GridCategorical } from "./grid-categorical.ts";
export { Independent, independent } from "./independent.ts";
export { Joint } from "./joint.ts";
export { kl } from "./kl.ts";
export { Laplace } from "./laplace.ts";
export { Logistic } from "./logistic.ts";
export { Mixture } from "./mixture.ts";
export { Normal, type NormalScale } from "./normal.ts";
export { OneHotCategorical } from "./one-hot-categorical.ts";
export { Quantized } from "./quantized.ts";
export { RelaxedCategorical } from "./relaxed-categorical.ts";
export { Rotated } from "./rotated.ts";
export { StudentT } from "./student-t.ts";
export { Uniform } from "./uniform.ts";
