import { dequantized, levelWidth } from "../../data/dequantize.ts";
import { exampleSize } from "../../data/dataset.ts";
import { bitsPerDimension } from "../../metrics/bits-per-dimension.ts";
import { LikelihoodEvaluator, likelihoodNote } from "../likelihood/likelihood.ts";
import type { Metric } from "./metric.ts";

export const bitsPerDimensionMetric: Metric = {
  name: "bits-per-dimension",
  summary:
    "nll in bits per value of quantized images and of symbols, with uniform dequantization for a density (arXiv:1511.01844, section 3.1)",
  needs: ["likelihood"],
  lacking: ({ loaded: { trained }, split, binarize }) => {
    if (trained.model.binaryData || binarize !== "none")
      return "its likelihood is of zeros and ones, not of levels; train with --set likelihood=logistic or gaussian-learned";
    // Of symbols there is no density, and a model of them has probabilities.
    if (split.dataset.symbols !== undefined && trained.model.levels !== undefined) return undefined;
    return levelWidth(split) === undefined ? "the data are real numbers, not stored in levels" : undefined;
  },
  async *evaluate({ loaded: { trained }, split, samples, seed }) {
    const { levels } = trained.model;
    const width = levels === undefined ? levelWidth(split)! : 1;
    const measured = levels === undefined ? dequantized(split, seed) : split;
    const evaluator = new LikelihoodEvaluator(trained, { split: measured, binarize: "none", samples, seed });
    const total = split.indices.length;
    const progress = evaluator.run();
    let next = await progress.next();
    for (; !next.done; next = await progress.next()) yield { done: next.value, total };
    const { nll, standardError } = next.value;
    const size = exampleSize(split.dataset);
    const { dequantization = levels === undefined ? "uniform" : "none" } = trained.model;
    const of = levels ?? Math.round(1 / width) + 1;
    const values = split.dataset.symbols === undefined ? "levels" : "symbols";
    return {
      results: [
        {
          name: "bits per dimension",
          value: bitsPerDimension(nll, { size, width }),
          standardError: standardError / size / Math.LN2,
          note: `${of} ${values}, ${dequantization === "none" ? `probabilities of ${values}` : `${dequantization} dequantization`}, ${likelihoodNote(trained.model, samples)}`,
          better: "lower",
        },
      ],
      conditions: { samples, levels: of, dequantization, width, size },
    };
  },
};
