import { inceptionScore } from "../../metrics/samples/inception-score.ts";
import { classifierOf, generatedExamples, lackingSamples, realExamples, sampleConditions } from "./generated.ts";
import type { MetricResult, Metric } from "./metric.ts";

export const inceptionScoreMetric: Metric = {
  name: "inception-score",
  summary: "exp(E KL(p(y|x) || p(y))) of --generated samples, with p(y|x) of the extractor (arXiv:1606.03498)",
  generates: true,
  lacking: lackingSamples,
  async *evaluate(context) {
    const { priors } = context;
    const classify = await classifierOf(context, "inception-score");
    const sets = [
      ...priors.map((prior) => ({ of: prior, examples: () => generatedExamples(context, prior) })),
      { of: "examples", examples: () => realExamples(context) },
    ];
    const results: MetricResult[] = [];
    for (const { of, examples } of sets) {
      const x = await examples();
      const probabilities = await classify(x);
      const count = of === "examples" ? context.split.indices.length : context.generated;
      const value = inceptionScore(probabilities, probabilities.length / count);
      results.push({
        name: "inception score",
        of,
        value,
        note: `${count} of them`,
        better: "higher",
      });
      yield { done: results.length, total: sets.length };
    }
    return { results, conditions: await sampleConditions(context) };
  },
};
