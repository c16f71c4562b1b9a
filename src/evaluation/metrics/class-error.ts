import type { Split } from "../../data/split.ts";
import { clusterLabels, likeliestClasses } from "../../metrics/codes/cluster-labels.ts";
import { mapSplit } from "../map-split.ts";
import type { Metric, MetricContext } from "./metric.ts";

export const classErrorMetric: Metric = {
  name: "class-error",
  summary:
    "fraction of the examples that q(y|x) puts in a wrong class; a cluster has that of the validation example it is most certain of (arXiv:1511.05644, section 6)",
  standard: true,
  needs: ["classify"],
  lacking({ split, source, loaded }) {
    if (!split.dataset.labels) return "the data have no labels";
    if (loaded.trained.model.clusters && source.validation.indices.length === 0)
      return "the data have no validation examples to name clusters by";
    return undefined;
  },
  async evaluate(context) {
    const { source, split, loaded } = context;
    const { scores, classes } = await scoresOf(split, context);
    const { clusters } = loaded.trained.model;
    const ofValidation = clusters && (await scoresOf(source.validation, context)).scores;
    const names = ofValidation && clusterLabels(ofValidation, labelsOf(source.validation), classes);
    const labels = labelsOf(split);
    const found = likeliestClasses(scores, classes);
    const wrong = labels.filter((label, i) => (names?.[found[i]!] ?? found[i]) !== label).length;
    const value = wrong / labels.length;
    const standardError = Math.sqrt((value * (1 - value)) / labels.length);
    const note = names && `${classes} clusters, of ${new Set(names).size} classes`;
    return {
      results: [{ name: "class error", value, standardError, better: "lower", ...(note && { note }) }],
      conditions: names ? { clusters: classes, namedBy: source.validation.indices.length } : {},
    };
  },
};

/** log q(y|x) of every example, [examples, classes]. */
async function scoresOf(split: Split, { loaded: { trained }, binarize }: MetricContext) {
  const { scores } = await mapSplit(trained, { split, binarize, key: "log-classes" }, (x, context) => ({
    scores: trained.model.logClasses!(x, context),
  }));
  return { scores, classes: scores.length / split.indices.length };
}

const labelsOf = ({ dataset, indices }: Split): readonly number[] => Array.from(indices, (i) => dataset.labels![i]!);
