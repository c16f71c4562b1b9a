import { LogMeanExp } from "../importance-bounds.ts";

/** Codes sampled once per example, with the posteriors they were sampled from; arrays are [examples, latentDim] unless noted. */
export interface SampledCodes {
  readonly latentDim: number;
  readonly mean: ArrayLike<number>;
  readonly logVar: ArrayLike<number>;
  readonly z: ArrayLike<number>;
  /** log p(z_j) of each dimension. */
  readonly logPrior: ArrayLike<number>;
  /** KL(q(z|x) || p(z)) of each example in closed form, [examples]. */
  readonly rate: ArrayLike<number>;
}

/** The three terms of the rate's decomposition, in nats per example. */
export interface RateDecomposition {
  /** I(x; z) under q; its estimate is at most the log of the number of examples. */
  readonly mutualInformation: number;
  /** KL(q(z) || prod_j q(z_j)): the dependence between dimensions. */
  readonly totalCorrelation: number;
  /** sum_j KL(q(z_j) || p(z_j)). */
  readonly dimensionwiseKl: number;
  /** Sum of the three terms: the mean of log q(z|x) - log p(z) over the samples, an estimate of `rate`. */
  readonly sum: number;
  readonly rate: number;
  /** Standard error of `sum` - `rate`. */
  readonly standardError: number;
  readonly examples: number;
}

/**
 * Decomposition of the rate by the aggregate posterior q(z) = mean_x q(z|x) (Hoffman & Johnson 2016; Chen et al. 2018, arXiv:1802.04942,
 * eq. 2):
 *
 *   E_x KL(q(z|x) || p(z)) = I(x; z) + KL(q(z) || prod_j q(z_j)) + sum_j KL(q(z_j) || p(z_j))
 *
 * estimated on the first `examples` examples with one sample of z each. Time is quadratic in their number.
 *
 * @example
 * const [mean, logVar] = [Float32Array.of(-2, 2), Float32Array.of(-20, -20)];
 * const z = mean;
 * const logPrior = z.map((v) => -0.5 * (v ** 2 + Math.log(2 * Math.PI)));
 * const rate = mean.map((m, i) => 0.5 * (Math.exp(logVar[i]!) + m ** 2 - 1 - logVar[i]!));
 * const { mutualInformation } = rateDecomposition({ latentDim: 1, mean, logVar, z, logPrior, rate });
 * mutualInformation.toFixed(3); // "0.693"
 */
export function rateDecomposition(codes: SampledCodes, examples = codes.rate.length): RateDecomposition {
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
