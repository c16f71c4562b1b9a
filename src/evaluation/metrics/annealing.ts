import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import { AnnealedLikelihood } from "../likelihood/annealed-likelihood.ts";
import { LikelihoodEvaluator } from "../likelihood/likelihood.ts";
import { drain } from "../samples/sampling.ts";
import type { Check, Metric } from "./metric.ts";

/** Time grows with the examples, the chains, and the temperatures: what an estimate with an error bar needs. */
const mostExamples = 100;
const chains = 8;
const leapfrogs = 10;

export const annealingMetric: Metric = {
  name: "annealing",
  summary: `nll of ${mostExamples} random examples by annealed importance sampling over --samples temperatures, and its gap (arXiv:1611.04273)`,
  needs: ["likelihood", "decode", "prior", "vector"],
  async *evaluate({ loaded, split, binarize, samples, seed }) {
    const some = drawnExamples(split, mostExamples, seed);
    const parts = { split: some, binarize, seed };
    const importance = await drain(new LikelihoodEvaluator(loaded.trained, { ...parts, samples }).run());
    const evaluator = new AnnealedLikelihood(loaded.trained, { ...parts, temperatures: samples, chains, leapfrogs });
    try {
      const progress = evaluator.run();
      let next = await progress.next();
      for (; !next.done; next = await progress.next()) yield next.value;
      const { nll, standardError, nlls, simulated, acceptance } = next.value;
      const { gap, gapStandardError, lower, upper } = simulated;
      return {
        results: [
          {
            name: "nll by annealing",
            value: nll,
            standardError,
            note: `${nlls.length} random examples, ${chains} chains of ${samples} temperatures`,
            better: "lower",
          },
          {
            name: "nll by importance sampling",
            value: importance.nll,
            note: "the same examples, with q(z|x) as the proposal",
            better: "lower",
          },
          {
            name: "gap of annealing",
            value: gap,
            standardError: gapStandardError,
            note: `between both bounds on ${simulated.examples} examples sampled from the model`,
            better: "lower",
          },
        ],
        conditions: {
          examples: nlls.length,
          chains,
          temperatures: samples,
          leapfrogs,
          schedule: "sigmoid",
          acceptance,
        },
        checks: [agree(nlls, importance.nlls, gap + 4 * gapStandardError)],
        details: { simulated: { examples: simulated.examples, lower, upper } },
      };
    } finally {
      await evaluator.release();
    }
  },
};

/** Both estimates of the same examples' nll are apart by no more than the error of annealing and four standard errors. */
function agree(annealed: Float64Array, importance: Float64Array, error: number): Check {
  const differences = Array.from(annealed, (nll, i) => importance[i]! - nll);
  const mean = differences.reduce((sum, d) => sum + d, 0) / differences.length;
  const squares = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / differences.length / Math.max(1, differences.length - 1));
  const most = Math.max(0, error) + 4 * standardError;
  return {
    name: "importance sampling and annealing agree",
    holds: Math.abs(mean) <= most,
    detail: `${mean.toFixed(3)} apart, expected at most ${most.toFixed(3)}`,
  };
}
