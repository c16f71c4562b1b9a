import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import { exampleSize } from "../../data/dataset.ts";
import { parzenWindow } from "../../metrics/samples/parzen-window.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { exampleConditions, generatedExamples, lackingSamples, realExamples } from "./generated.ts";
import type { MetricResult, Metric } from "./metric.ts";

/** Validation examples that the bandwidth is chosen by. */
const choosing = 1000;

export const parzenMetric: Metric = {
  name: "parzen",
  summary: "log-likelihood of the examples under a Parzen window over --generated samples (arXiv:1406.2661)",
  generates: true,
  lacking: (context) =>
    context.source.validation.indices.length === 0
      ? "the data have no validation examples to choose a bandwidth by"
      : lackingSamples(context),
  async *evaluate(context) {
    const { priors, generated, source, split, seed } = context;
    const dim = exampleSize(split.dataset);
    const validation = firstExamples(drawnExamples(source.validation, choosing, seed), choosing);
    const examples = await realExamples(context);
    const count = examples.length / dim;
    const results: MetricResult[] = [];
    const bandwidths: Record<string, number> = {};
    const warnings = [
      "parzen: no estimate of the log-likelihood in many dimensions, and it ranks models wrongly (arXiv:1511.01844); for tables that report it",
    ];
    for (const [i, prior] of priors.entries()) {
      const samples = await generatedExamples(context, prior);
      const { logLikelihoods, bandwidth, edge } = parzenWindow(samples, examples, { dim, validation });
      const value = logLikelihoods.reduce((sum, v) => sum + v, 0) / count;
      const squares = logLikelihoods.reduce((sum, v) => sum + (v - value) ** 2, 0);
      bandwidths[prior] = bandwidth;
      if (edge) warnings.push(`parzen: the bandwidth of ${prior} is the ${edge} tried`);
      results.push({
        name: "log-likelihood by Parzen window",
        of: prior,
        value,
        standardError: Math.sqrt(squares / count / Math.max(1, count - 1)),
        note: `${generated} samples, bandwidth ${bandwidth.toPrecision(3)}`,
        better: "higher",
      });
      yield { done: i + 1, total: priors.length };
    }
    const chosenBy = validation.length / dim;
    return { results, conditions: { ...exampleConditions(context), bandwidths, chosenBy }, warnings };
  },
};
