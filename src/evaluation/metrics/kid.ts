import { kernelDistance } from "../../metrics/samples/kernel-distance.ts";
import { generatedFeatures, lackingSamples, realFeatures, sampleConditions, trainingFeatures } from "./generated.ts";
import type { MetricResult, Metric } from "./metric.ts";

export const kidMetric: Metric = {
  name: "kid",
  summary: "kernel distance of --generated samples to the examples, unbiased, with 95 % interval (arXiv:1801.01401)",
  generates: true,
  lacking: lackingSamples,
  async *evaluate(context) {
    const { priors, seed } = context;
    const { dim } = await context.extractor();
    const real = await realFeatures(context);
    const sets = [
      ...priors.map((prior) => ({ of: prior, features: () => generatedFeatures(context, prior) })),
      { of: "training examples", features: () => trainingFeatures(context) },
    ];
    const results: MetricResult[] = [];
    for (const { of, features } of sets) {
      const { value, standardError, interval, subsets, subsetSize } = kernelDistance(await features(), real, dim, {
        seed,
      });
      const note = `${subsets} x ${subsetSize} examples of each`;
      results.push({ name: "kid", of, value, standardError, interval, note, better: "lower" });
      yield { done: results.length, total: sets.length };
    }
    return { results, conditions: { ...(await sampleConditions(context)), kernel: "(x . y / dim + 1)^3" } };
  },
};
