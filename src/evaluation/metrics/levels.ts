import { activeLevelRate } from "../../training/doctor/level-diagnosis.ts";
import { levelRates, meanRate } from "../likelihood/level-rates.ts";
import type { Metric, MetricResult } from "./metric.ts";

export const levelsMetric: Metric = {
  name: "levels",
  summary: `rate of each latent of a hierarchy in nats per example, and how many have ${activeLevelRate} or more`,
  standard: true,
  needs: ["elbo", "levels"],
  async evaluate({ loaded: { trained }, split, binarize, seed }) {
    const levels = await levelRates(trained, { split, binarize, seed });
    const active = levels.filter((level) => meanRate(level) >= activeLevelRate).length;
    return {
      results: [
        { name: "active latents", value: active, note: `of ${levels.length}` },
        ...levels.map((level): MetricResult => {
          const { name, shape, rates } = level;
          const value = meanRate(level);
          const squares = rates.reduce((sum, rate) => sum + (rate - value) ** 2, 0);
          const standardError = Math.sqrt(squares / rates.length / Math.max(1, rates.length - 1));
          return { name: "rate", of: name, value, standardError, note: `nats, of ${shape.join("x")}` };
        }),
      ],
      conditions: { threshold: activeLevelRate },
    };
  },
};
