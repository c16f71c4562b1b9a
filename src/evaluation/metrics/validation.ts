import { isUse, type ValidationMetrics, validationMetrics } from "../validation-metrics.ts";
import { type Metric, oncePerContext } from "./metric.ts";

/** Means of the model's own metrics over the examples. */
export const validationOf = oncePerContext(({ loaded, split, binarize }): Promise<ValidationMetrics> =>
  validationMetrics(loaded.trained, { split, binarize }),
);

export const validationMetric: Metric = {
  name: "scores",
  summary: "the model's validation metrics: for a VAE negElbo, rate and distortion, in nats per example",
  standard: true,
  needs: ["validation"],
  async evaluate(context) {
    const scores = await validationOf(context);
    return {
      results: Object.entries(scores).map(([name, value]) => ({
        name,
        value,
        better: isUse(name) ? "higher" : "lower",
      })),
      conditions: {},
    };
  },
};
