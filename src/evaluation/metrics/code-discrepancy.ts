import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import { maximumMeanDiscrepancy } from "../../metrics/samples/maximum-mean-discrepancy.ts";
import { forExamples } from "../given-examples.ts";
import type { Metric } from "./metric.ts";

/** Codes of each set: a kernel takes memory by the square of their number. */
const most = 2000;
const permutations = 200;

export const codeDiscrepancyMetric: Metric = {
  name: "code-mmd",
  summary: `squared maximum mean discrepancy between codes of ${most} examples, a sample of q(z|x) each, and samples of p(z), with its p-value`,
  needs: ["encode", "prior", "vector"],
  async evaluate({ loaded: { trained }, split, binarize, seed }) {
    const examples = drawnExamples(split, most, seed);
    const { samples } = await trained.codes(examples, { binarize, seed });
    const count = examples.indices.length;
    const prior = await forExamples(trained, examples).samplePrior(count, { seed });
    const { squaredMmd, pValue, bandwidth } = maximumMeanDiscrepancy(prior, samples, trained.latentDim, {
      permutations,
      seed,
    });
    return {
      results: [
        {
          name: "mmd2 of codes",
          value: squaredMmd,
          note: `${count} codes; 0 where the aggregate posterior is the prior`,
          better: "lower",
        },
        { name: "p-value of codes", value: pValue, note: `by ${permutations} permutations` },
      ],
      conditions: { most, permutations, kernel: "rbf", bandwidth },
    };
  },
};
