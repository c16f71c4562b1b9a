import { LogMeanExp } from "../importance-bounds.ts";

/** Codes of examples with the Gaussians they were drawn from, each [examples, latentDim], one draw an example. */
export interface DrawnCodes {
  readonly latentDim: number;
  readonly mean: ArrayLike<number>;
  readonly logVar: ArrayLike<number>;
  readonly z: ArrayLike<number>;
  /** log p(z_j) of each dimension. */
  readonly logPrior: ArrayLike<number>;
  /** KL(q(z|x) || p(z)) of each example in closed form, [examples]. */
  readonly rate: ArrayLike<number>;
}

/** The rate in three parts, in nats per example. */
export interface RateParts {
  /** I(x; z) under q, at most the log of the number of examples. */
  readonly mutualInformation: number;
  /** KL(q(z) || prod_j q(z_j)): how far the dimensions are from independent. */
  readonly totalCorrelation: number;
  /** sum_j KL(q(z_j) || p(z_j)). */
  readonly dimensionwiseKl: number;
  /** Of the three: the mean of log q(z|x) - log p(z) over the draws, which estimates `rate`. */
  readonly sum: number;
  readonly rate: number;
  /** Of `sum` - `rate`, over the draws. */
  readonly standardError: number;
  readonly examples: number;
}

/**
 * The rate by the aggregated posterior q(z) = mean over the examples of q(z|x) (Hoffman & Johnson 2016; Chen et al. 2018,
 * arXiv:1802.04942, eq. 2):
 *
 *   E_x KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || prod_j q(z_j)) + sum_j KL(q(z_j) || p(z_j))
 *
 * estimated from the first `examples` with one draw of z each. Time grows with the square of their number.
 */
export function rateParts(codes: DrawnCodes, examples = codes.rate.length): RateParts {
  const { latentDim, mean, logVar, z, logPrior } = codes;
  const precision = Float64Array.from({ length: examples * latentDim }, (_, i) => Math.exp(-logVar[i]!));
  const logNormal = (i: number, at: number): number =>
    -0.5 * ((z[at]! - mean[i]!) ** 2 * precision[i]! + logVar[i]! + Math.log(2 * Math.PI));
  let [mutualInformation, totalCorrelation, dimensionwiseKl, rate, squares] = [0, 0, 0, 0, 0];
  for (let m = 0; m < examples; m++) {
    const row = m * latentDim;
    const joint = new LogMeanExp();
    const marginals = Array.from({ length: latentDim }, () => new LogMeanExp());
    let own = 0;
    for (let n = 0; n < examples; n++) {
      let total = 0;
      for (let j = 0; j < latentDim; j++) {
        const l = logNormal(n * latentDim + j, row + j);
        marginals[j]!.add(l);
        total += l;
      }
      joint.add(total);
      if (n === m) own = total;
    }
    const product = marginals.reduce((sum, marginal) => sum + marginal.value, 0);
    let prior = 0;
    for (let j = 0; j < latentDim; j++) prior += logPrior[row + j]!;
    mutualInformation += (own - joint.value) / examples;
    totalCorrelation += (joint.value - product) / examples;
    dimensionwiseKl += (product - prior) / examples;
    rate += codes.rate[m]! / examples;
    squares += (own - prior - codes.rate[m]!) ** 2 / examples;
  }
  const sum = mutualInformation + totalCorrelation + dimensionwiseKl;
  const standardError = Math.sqrt(Math.max(0, squares - (sum - rate) ** 2) / Math.max(1, examples - 1));
  return { mutualInformation, totalCorrelation, dimensionwiseKl, sum, rate, standardError, examples };
}
