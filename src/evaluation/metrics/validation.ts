import { ScoreEvaluator, type Scores } from "../validation-metrics.ts";
import { type Measure, oncePerContext } from "./metric.ts";

/** Means of the model's scores over the examples. */
export const scoresOf = oncePerContext(async ({ loaded, split, binarize }): Promise<Scores> => {
  const { model, store } = loaded.trained;
  const evaluator = new ScoreEvaluator({ model, store, split, binarize });
  try {
    return await evaluator.run();
  } finally {
    await evaluator.release();
  }
});

export const scoresMeasure: Measure = {
  name: "scores",
  summary: "what validation reports: for a VAE negElbo, rate and distortion, in nats per example",
  standard: true,
  lacking: ({ loaded }) => (loaded.trained.model.scores ? undefined : "the model does not score examples"),
  async measure(context) {
    const scores = await scoresOf(context);
    return {
      figures: Object.entries(scores).map(([name, value]) => ({ name, value, better: "lower" })),
      conditions: {},
    };
  },
};
