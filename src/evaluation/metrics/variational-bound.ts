import { dequantized, levelWidth } from "../../data/dequantize.ts";
import { exampleSize } from "../../data/dataset.ts";
import { bitsPerDimension } from "../../metrics/bits-per-dimension.ts";
import { mapSplit } from "../map-split.ts";
import type { Metric, MetricResult } from "./metric.ts";

/** Estimates of the bound of each example, each from noise of its own: their mean has half the error of one. */
const PASSES = 4;

export const variationalBoundMetric: Metric = {
  name: "variational-bound",
  summary:
    "-ELBO, an upper bound on nll of the latent-variable model, in nats per example and for quantized images in bits per value",
  needs: ["elbo"],
  async *evaluate({ loaded: { trained }, split, binarize, seed }) {
    const { model } = trained;
    const continuous = !model.binaryData && binarize === "none" && model.levels === undefined;
    const width = continuous ? levelWidth(split) : undefined;
    const measured = width === undefined ? split : dequantized(split, seed);
    const total = split.indices.length;
    const bounds = new Float64Array(total);
    for (let pass = 0; pass < PASSES; pass++) {
      const { elbo } = await mapSplit(
        trained,
        { split: measured, binarize, key: "elbo", batchSize: 64, seed: seed + pass },
        (x, context) => ({ elbo: model.elbo!(x, context).elbo }),
      );
      for (const [i, each] of elbo.entries()) bounds[i]! -= each / PASSES;
      yield { done: pass + 1, total: PASSES };
    }
    const value = bounds.reduce((sum, each) => sum + each, 0) / total;
    const squares = bounds.reduce((sum, each) => sum + (each - value) ** 2, 0);
    const standardError = Math.sqrt(squares / total / Math.max(1, total - 1));
    const note = `an upper bound on nll, ${PASSES} samples of each example's noise`;
    const results: MetricResult[] = [{ name: "negElbo", value, standardError, note, better: "lower" }];
    if (width !== undefined) {
      const size = exampleSize(split.dataset);
      results.push({
        name: "bits per dimension",
        value: bitsPerDimension(value, { size, width }),
        standardError: standardError / size / Math.LN2,
        note: `${Math.round(1 / width) + 1} levels, uniform dequantization`,
        better: "lower",
      });
    }
    return { results, conditions: { passes: PASSES } };
  },
};
