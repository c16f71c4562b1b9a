import { fidelity } from "../../metrics/samples/fidelity.ts";
import { generatedFeatures, lackingSamples, realFeatures, sampleConditions, trainingFeatures } from "./generated.ts";
import type { MetricResult, Metric } from "./metric.ts";

const [precisionK, densityK] = [3, 5];

export const precisionRecallMetric: Metric = {
  name: "precision-recall",
  summary:
    "fidelity and diversity of samples: precision and recall (arXiv:1904.06991), density and coverage (arXiv:2002.09797)",
  generates: true,
  lacking: lackingSamples,
  async *evaluate(context) {
    const { priors } = context;
    const { dim } = await context.extractor();
    const real = await realFeatures(context);
    const total = priors.length + 1;
    const results: MetricResult[] = [];
    const add = (of: string, samples: Float32Array): void => {
      const { precision, recall, density, coverage } = fidelity(real, samples, dim, { precisionK, densityK });
      for (const [name, value, k] of [
        ["precision", precision, precisionK],
        ["recall", recall, precisionK],
        ["density", density, densityK],
        ["coverage", coverage, densityK],
      ] as const)
        results.push({ name, of, value, note: `k = ${k}, ${samples.length / dim} samples`, better: "higher" });
    };
    for (const [i, prior] of priors.entries()) {
      add(prior, await generatedFeatures(context, prior));
      yield { done: 1 + i, total };
    }
    add("training examples", await trainingFeatures(context));
    return { results, conditions: { ...(await sampleConditions(context)), precisionK, densityK } };
  },
};
