import { dequantized, levelWidth } from "../../data/dequantize.ts";
import { exampleSize } from "../../data/dataset.ts";
import { GridCategorical } from "../../distributions/grid-categorical.ts";
import { Independent } from "../../distributions/independent.ts";
import { Quantized } from "../../distributions/quantized.ts";
import { Input } from "../../graph/tensor.ts";
import { bitsPerDimension } from "../../metrics/bits-per-dimension.ts";
import { LikelihoodEvaluator } from "../likelihood.ts";
import { chunk, type TrainedModel } from "../trained-model.ts";
import type { Measure } from "./metric.ts";

export const bitsPerDimensionMeasure: Measure = {
  name: "bits-per-dimension",
  summary:
    "nll in bits per value of images in levels, with uniform dequantization for a density (arXiv:1511.01844, section 3.1)",
  lacking: ({ loaded: { trained }, split, binarize }) => {
    const { abilities } = trained;
    if (!abilities.logWeights || !abilities.decode) return "the model has no likelihood";
    if (trained.model.binaryData || binarize !== "none")
      return "its likelihood is of zeros and ones, not of levels; train with --set likelihood=logistic or gaussian-learned";
    return levelWidth(split) === undefined ? "the data are real numbers, not stored in levels" : undefined;
  },
  async *measure({ loaded: { trained }, split, samples, seed }) {
    const { model, store } = trained;
    const levels = modelLevels(trained);
    const width = levels === undefined ? levelWidth(split)! : 1;
    const measured = levels === undefined ? dequantized(split, seed) : split;
    const evaluator = new LikelihoodEvaluator({ model, store, split: measured, binarize: "none", samples, seed });
    try {
      const total = split.indices.length;
      const progress = evaluator.run();
      let next = await progress.next();
      for (; !next.done; next = await progress.next()) yield { done: next.value, total };
      const { nll, standardError } = next.value;
      const size = exampleSize(split.dataset);
      const dequantization = levels === undefined ? "uniform" : "none";
      const of = levels ?? Math.round(1 / width) + 1;
      return {
        figures: [
          {
            name: "bits per dimension",
            value: bitsPerDimension(nll, { size, width }),
            standardError: standardError / size / Math.LN2,
            note: `${of} levels, ${levels === undefined ? "uniform dequantization" : "probabilities of levels"}, ${samples} draws`,
            better: "lower",
          },
        ],
        conditions: { samples, levels: of, dequantization, width, size },
      };
    } finally {
      await evaluator.release();
    }
  },
};

/** How many levels p(x|z) gives probabilities of; undefined for a density. */
function modelLevels({ abilities, latentDim }: TrainedModel): number | undefined {
  const p = abilities.decode!(new Input("z", [chunk, latentDim]));
  const each = p instanceof Independent ? p.base : p;
  if (each instanceof Quantized) return each.grid.bins;
  return each instanceof GridCategorical ? each.index.classes : undefined;
}
