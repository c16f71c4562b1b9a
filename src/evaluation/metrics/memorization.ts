import type { Split } from "../../data/split.ts";
import { ConfigError } from "../../errors.ts";
import { memorization } from "../../metrics/samples/memorization.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { generatedFeatures, lackingSamples, realFeatures, sampleConditions } from "./generated.ts";
import type { MetricResult, Metric, MetricContext } from "./metric.ts";

export const memorizationMetric: Metric = {
  name: "memorization",
  summary:
    "duplicates and copies of training examples among samples (arXiv:2310.02664, arXiv:2004.05675), in an extractor's features",
  generates: true,
  lacking: (context) =>
    context.splitName === "train"
      ? "it compares samples with unseen examples; use --split test"
      : lackingSamples(context),
  async *evaluate(context) {
    const { priors, split } = context;
    const { dim } = await context.extractor();
    const test = await realFeatures(context);
    const train = await featuresOfAll(context, context.source.train);
    const total = priors.length + 1;
    yield { done: 1, total };
    const results: MetricResult[] = [];
    for (const [i, prior] of priors.entries()) {
      const samples = await generatedFeatures(context, prior);
      const found = memorization({ train, test, samples }, dim);
      const add = (name: string, value: number, note: string, better?: "lower"): void => {
        results.push({ name, of: prior, value, note, ...(better && { better }) });
      };
      add("duplicates", found.duplicates, "fraction of samples that equal an earlier one", "lower");
      add("copies", found.copies, "fraction that equal a training example", "lower");
      add("memorized", found.memorized, "fraction three times as near to a training example as to the next", "lower");
      add("memorized, test examples", found.memorizedTest, "the same for test examples");
      add(
        "nearer",
        found.nearer,
        "probability that a sample is nearer to the training examples than a test example is; 0.5 for equal distributions",
      );
      add("nearer, z", found.zScore, "in standard errors, below 0 for copies");
      yield { done: 2 + i, total };
    }
    return {
      results,
      conditions: { ...(await sampleConditions(context)), training: train.length / dim, tests: split.indices.length },
    };
  },
};

/** 2 GB. */
const mostNumbers = 2 ** 29;
/** Examples whose values are in memory at a time. */
const chunk = 1000;

/** Features of every example of a split, [count, dim]. */
async function featuresOfAll(context: MetricContext, { dataset, indices }: Split): Promise<Float32Array> {
  const { features, dim, name } = await context.extractor();
  if (indices.length * dim > mostNumbers)
    throw new ConfigError(
      `memorization: too many training examples for features of ${name}, got ${indices.length} of ${dim} numbers, expected at most ${Math.floor(mostNumbers / dim)}; choose another --extractor`,
    );
  const all = new Float32Array(indices.length * dim);
  for (let from = 0; from < indices.length; from += chunk) {
    const part = { dataset, indices: indices.subarray(from, from + chunk) };
    all.set(await features(firstExamples(part, chunk)), from * dim);
  }
  return all;
}
