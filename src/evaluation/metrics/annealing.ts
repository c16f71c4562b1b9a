import { AnnealedLikelihood } from "../annealed-likelihood.ts";
import { LikelihoodEvaluator } from "../likelihood.ts";
import type { Measure } from "./metric.ts";

/** Time grows with the examples, the chains, and the temperatures: what an estimate with an error bar needs. */
const mostExamples = 100;
const chains = 8;
const leapfrogs = 10;

export const annealingMeasure: Measure = {
  name: "annealing",
  summary: `nll of the first ${mostExamples} examples by annealed importance sampling over --samples temperatures, and its gap (arXiv:1611.04273)`,
  lacking: ({ loaded: { trained } }) => {
    const { abilities } = trained;
    if (!abilities.logWeights) return "the model has no likelihood";
    return abilities.decode && abilities.latents?.prior && abilities.latents.shape.length === 1
      ? undefined
      : "the model has no p(x|z) p(z) over lists of numbers to anneal";
  },
  async *measure({ loaded, split, binarize, samples, seed }) {
    const { model, store } = loaded.trained;
    const some = { ...split, indices: split.indices.subarray(0, mostExamples) };
    const parts = { model, store, split: some, binarize, seed };
    const importance = await importanceSampled({ ...parts, samples });
    const evaluator = new AnnealedLikelihood({ ...parts, temperatures: samples, chains, leapfrogs });
    try {
      const progress = evaluator.run();
      let next = await progress.next();
      for (; !next.done; next = await progress.next()) yield next.value;
      const { nll, standardError, nlls, simulated, acceptance } = next.value;
      const { gap, gapStandardError, lower, upper } = simulated;
      return {
        figures: [
          {
            name: "nll by annealing",
            value: nll,
            standardError,
            note: `the first ${nlls.length} examples, ${chains} chains of ${samples} temperatures`,
            better: "lower",
          },
          {
            name: "nll by importance sampling",
            value: importance,
            note: "the same examples, by the model's posterior",
            better: "lower",
          },
          {
            name: "gap of annealing",
            value: gap,
            standardError: gapStandardError,
            note: `between both bounds on ${simulated.examples} examples drawn from the model`,
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
        details: { simulated: { examples: simulated.examples, lower, upper } },
      };
    } finally {
      await evaluator.release();
    }
  },
};

async function importanceSampled(options: ConstructorParameters<typeof LikelihoodEvaluator>[0]): Promise<number> {
  const evaluator = new LikelihoodEvaluator(options);
  try {
    const progress = evaluator.run();
    let next = await progress.next();
    while (!next.done) next = await progress.next();
    return next.value.nll;
  } finally {
    await evaluator.release();
  }
}
