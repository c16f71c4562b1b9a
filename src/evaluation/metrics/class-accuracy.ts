import { ConfigError } from "../../errors.ts";
import { classAccuracy } from "../class-accuracy.ts";
import { type ConditionValues, takenBy } from "../condition.ts";
import { ownPrior, samplerConditions } from "./generated.ts";
import type { Metric } from "./metric.ts";

export const classAccuracyMetric: Metric = {
  name: "class-accuracy",
  summary: "fraction of the samples of a class that the extractor classifies as it, for a class-conditional model",
  generates: true,
  needs: ["classConditional", "sample"],
  lacking: ({ split }) => (split.dataset.classNames ? undefined : "the data have no labels"),
  async evaluate(context) {
    const { loaded, decoder, seed, generated, split, sampler } = context;
    const names = split.dataset.classNames!;
    const { name, about, classify } = await context.extractor();
    if (!classify)
      throw new ConfigError(
        `class-accuracy: the extractor has no classes, got ${name}, expected small-28 of the same data`,
      );
    const likeliest = async (x: Float32Array): Promise<Uint16Array> => {
      const probabilities = await classify(x);
      const count = probabilities.length / names.length;
      if (count !== perClass)
        throw new ConfigError(
          `class-accuracy: the extractor has other classes, got ${probabilities.length / perClass} of ${name}, expected the model's ${names.length}`,
        );
      return Uint16Array.from({ length: count }, (_, i) => {
        const row = probabilities.subarray(i * names.length, (i + 1) * names.length);
        return row.indexOf(Math.max(...row));
      });
    };
    const perClass = Math.ceil(generated / names.length);
    const decoded = async (condition: ConditionValues, options: { readonly seed: number }): Promise<Float32Array> => {
      const codes = await (
        await context.prior(ownPrior)
      ).sample(perClass, {
        ...options,
        condition,
        options: sampler,
      });
      return decoder!.given(takenBy(decoder!.model, condition)).decodeLatents(codes);
    };
    const how = { perClass, seed, sampler, ...(decoder && { sample: decoded }) };
    const { accuracy, byClass } = await classAccuracy(loaded.trained, { classify: likeliest }, how);
    const standardError = Math.sqrt((accuracy * (1 - accuracy)) / (perClass * names.length));
    return {
      results: [
        { name: "class accuracy", value: accuracy, standardError, note: `${perClass} of each class`, better: "higher" },
        ...names.map((of, k) => ({ name: "class accuracy", of, value: byClass[k]!, better: "higher" as const })),
      ],
      conditions: { features: name, extractor: about, perClass, ...samplerConditions(context) },
    };
  },
};
