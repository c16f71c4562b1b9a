import { findToy, toys } from "../../data/generators/toys.ts";
import { modeCoverage } from "../../metrics/samples/mode-coverage.ts";
import { LikelihoodEvaluator, likelihoodNote } from "../likelihood/likelihood.ts";
import { exampleConditions, generatedExamples, lackingSamples } from "./generated.ts";
import { firstExamples } from "../../data/first-examples.ts";
import type { MetricResult, Metric, MetricContext } from "./metric.ts";

/** Whether the run's data is a toy, whose density is known. */
const isToy = ({ source }: MetricContext): boolean => Object.hasOwn(toys, source.name);

export const densityMetric: Metric = {
  name: "density",
  summary: "KL(data || model) for data of known density (--data toy:NAME), in nats per point",
  needs: ["likelihood"],
  lacking: (context) => {
    if (!isToy(context)) return "the density of the data is not known";
    if (context.loaded.trained.model.condition?.required)
      return "the model is of p(x | label), and the known density is that of x alone";
    return undefined;
  },
  async *evaluate({ loaded, source, split, binarize, samples, seed }) {
    const toy = findToy(source.name);
    const points = firstExamples(split, split.indices.length);
    const total = split.indices.length;
    /** log p_data - log p_model of each point. */
    const gaps: number[] = [];
    let entropy = 0;
    const evaluator = new LikelihoodEvaluator(loaded.trained, { split, binarize, samples, seed });
    for await (const batch of evaluator.bounds()) {
      for (const bounds of batch) {
        const at = 2 * gaps.length;
        const exact = toy.logDensity(points[at]!, points[at + 1]!);
        entropy -= exact / total;
        gaps.push(exact - bounds.at(-1)!);
      }
      yield { done: gaps.length, total };
    }
    const kl = gaps.reduce((a, b) => a + b, 0) / total;
    const squares = gaps.reduce((sum, gap) => sum + (gap - kl) ** 2, 0);
    const standardError = Math.sqrt(squares / total / Math.max(1, total - 1));
    return {
      results: [
        {
          name: "kl",
          value: kl,
          standardError,
          note: `KL(data || model), with nll by ${likelihoodNote(loaded.trained.model, samples)}`,
          better: "lower",
        },
        { name: "nll", value: kl + entropy, note: "of the model", better: "lower" },
        {
          name: "nll of the data's own density",
          value: entropy,
          note: "on the same points: a lower bound for every model, up to sampling error",
        },
      ],
      conditions: { samples, points: total },
    };
  },
};

export const modesMetric: Metric = {
  name: "modes",
  summary:
    "modes covered, and the fraction of samples within 3 std of one, for 8gaussians and 25gaussians (arXiv:1705.07761)",
  generates: true,
  lacking: (context) =>
    isToy(context) && findToy(context.source.name).gaussians ? lackingSamples(context) : "the data has no known modes",
  async evaluate(context) {
    const { source, priors, generated } = context;
    const { means, std } = findToy(source.name).gaussians!;
    const results: MetricResult[] = [];
    for (const prior of priors) {
      const points = await generatedExamples(context, prior);
      const { covered, modes, highQuality } = modeCoverage(points, { modes: means, std });
      results.push(
        { name: "modes", of: prior, value: covered, note: `of ${modes}`, better: "higher" },
        {
          name: "high quality",
          of: prior,
          value: highQuality,
          note: `fraction of ${generated} samples; 0.989 for the data, more for samples without noise`,
        },
      );
    }
    return { results, conditions: { ...exampleConditions(context), std } };
  },
};
