import { rateDecomposition, type RateDecomposition } from "../../metrics/codes/rate-decomposition.ts";
import { gaussianCodes } from "../gaussian-codes.ts";
import type { Check, Metric } from "./metric.ts";

/** Examples that the parts of the rate are estimated from: time grows with the square. */
const rateExamples = 1000;

export const rateMetric: Metric = {
  name: "rate",
  summary: "mutual information, total correlation and dimension-wise KL (arXiv:1802.04942, eq. 2), in nats per example",
  standard: true,
  needs: ["gaussian"],
  async evaluate({ loaded, split, binarize, seed }) {
    const examples = Math.min(rateExamples, split.indices.length);
    const parts = rateDecomposition(await gaussianCodes(loaded.trained, { split, binarize, seed }), examples);
    const note = `of the rate, on ${examples} examples`;
    return {
      results: [
        { name: "mutual information", value: parts.mutualInformation, note },
        { name: "total correlation", value: parts.totalCorrelation, note },
        { name: "dimension-wise KL", value: parts.dimensionwiseKl, note },
      ],
      conditions: { examples },
      checks: [sameByCodes(parts)],
      details: { sum: parts.sum, rate: parts.rate, standardError: parts.standardError },
    };
  },
};

/** The mean of log q(z|x) - log p(z) over sampled codes is the rate in closed form, within four standard errors. */
function sameByCodes({ sum, rate, standardError }: RateDecomposition): Check {
  return {
    name: "the rate of sampled codes is that in closed form",
    holds: Math.abs(sum - rate) <= 4 * standardError + 1e-4 * Math.abs(rate),
    detail: `${sum.toFixed(3)} by one code of each example, ${rate.toFixed(3)} in closed form, standard error ${standardError.toFixed(3)}`,
  };
}
