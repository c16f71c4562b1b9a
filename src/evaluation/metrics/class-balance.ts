import { classBalance } from "../../metrics/samples/class-balance.ts";
import { classifierOf, generatedExamples, lackingSamples, realExamples, sampleConditions } from "./generated.ts";
import type { MetricResult, Metric } from "./metric.ts";

export const classBalanceMetric: Metric = {
  name: "class-balance",
  summary: "frequencies of the extractor's classes among --generated samples, beside those among the examples",
  generates: true,
  lacking: lackingSamples,
  async *evaluate(context) {
    const { priors, source, split, generated } = context;
    const classify = await classifierOf(context, "class-balance");
    const examples = await classify(await realExamples(context));
    const classes = examples.length / split.indices.length;
    const nameOf = (c: number): string => source.train.dataset.classNames?.[c] ?? String(c);
    const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;
    const results: MetricResult[] = [];
    for (const prior of priors) {
      const samples = await classify(await generatedExamples(context, prior));
      const balance = classBalance({ examples, samples }, classes);
      const [ours, theirs] = [balance.samples[balance.worst]!, balance.examples[balance.worst]!];
      results.push({
        name: "class balance",
        of: prior,
        value: balance.deviation,
        note: `the largest relative difference, of class ${nameOf(balance.worst)}: ${percent(ours)} of ${generated} samples, ${percent(theirs)} of the examples`,
        better: "lower",
      });
      yield { done: results.length, total: priors.length };
    }
    return { results, conditions: await sampleConditions(context) };
  },
};
