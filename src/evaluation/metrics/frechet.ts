import { type FeatureMoments, featureMoments, frechetDistance } from "../../metrics/samples/frechet-distance.ts";
import {
  fewExamples,
  generatedFeatures,
  lackingSamples,
  realFeatures,
  sampleConditions,
  trainingFeatures,
} from "./generated.ts";
import type { MetricResult, Metric } from "./metric.ts";

export const frechetMetric: Metric = {
  name: "frechet",
  summary: "Frechet distance of --generated samples to the examples, in an extractor's features (arXiv:1706.08500)",
  generates: true,
  lacking: lackingSamples,
  async *evaluate(context) {
    const { priors, generated, split } = context;
    const { dim } = await context.extractor();
    const total = priors.length + 2;
    const momentsOf = async (features: Promise<Float32Array>): Promise<FeatureMoments> =>
      featureMoments(await features, dim);
    const real = await momentsOf(realFeatures(context));
    yield { done: 1, total };
    const training = await momentsOf(trainingFeatures(context));
    yield { done: 2, total };
    const results: MetricResult[] = [];
    for (const [i, prior] of priors.entries()) {
      const value = frechetDistance(await momentsOf(generatedFeatures(context, prior)), real);
      results.push({ name: "frechet", of: prior, value, note: `${generated} samples`, better: "lower" });
      yield { done: 3 + i, total };
    }
    results.push({
      name: "frechet",
      of: "training examples",
      value: frechetDistance(training, real),
      note: `${training.count} of them`,
    });
    const fewest = Math.min(generated, split.indices.length);
    return {
      results,
      conditions: await sampleConditions(context),
      ...(fewest < fewExamples && {
        warnings: [
          `frechet: biased upwards by few examples, got ${fewest}, expected ${fewExamples} or more; prefer --metrics kid`,
        ],
      }),
    };
  },
};
