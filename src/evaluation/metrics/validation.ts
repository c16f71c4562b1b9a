import { type ValidationMetrics, validationMetrics } from "../validation-metrics.ts";
import { type Measure, oncePerContext } from "./metric.ts";

/** Means of the model's own metrics over the examples. */
export const scoresOf = oncePerContext(({ loaded, split, binarize }): Promise<ValidationMetrics> =>
  validationMetrics(loaded.trained, { split, binarize }),
);

export const scoresMeasure: Measure = {
  name: "scores",
  summary: "what validation reports: for a VAE negElbo, rate and distortion, in nats per example",
  standard: true,
  needs: ["validation"],
  async measure(context) {
    const scores = await scoresOf(context);
    return {
      figures: Object.entries(scores).map(([name, value]) => ({ name, value, better: "lower" })),
      conditions: {},
    };
  },
};
