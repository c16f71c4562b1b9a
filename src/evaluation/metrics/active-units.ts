import { activeThreshold, activeUnits, activity } from "../../metrics/codes/active-units.ts";
import { codeOf } from "../capabilities.ts";
import { posteriorMeans } from "../posterior-means.ts";
import type { Metric, MetricResult } from "./metric.ts";

export const activeUnitsMetric: Metric = {
  name: "active-units",
  summary: `latent dimensions whose posterior mean has a variance over examples above ${activeThreshold} (arXiv:1509.00519)`,
  standard: true,
  needs: ["encode", "prior"],
  lacking: ({ loaded }) =>
    loaded.trained.model.latents?.some(({ dtype }) => dtype === "int64")
      ? "the model has codes that are symbols, without a variance"
      : undefined,
  async evaluate({ loaded: { trained }, split, binarize, seed }) {
    const means = await posteriorMeans(trained, { split, binarize, seed });
    const examples = split.indices.length;
    // First the latent that represents an example, then those above and below it.
    const code = codeOf(trained.model)?.name;
    const names = Object.keys(means).toSorted((a, b) => Number(b === code) - Number(a === code));
    const layers = names.map((name) => {
      const total = means[name]!.length / examples;
      return { name, total, activity: [...activity(means[name]!, total)] };
    });
    const several = layers.length > 1;
    const details = Object.fromEntries(layers.map(({ name, total, activity: of }) => [name, { total, activity: of }]));
    return {
      results: layers.map(({ name, total, activity: of }): MetricResult => {
        const [value, note] = [activeUnits(of), `of ${total}`];
        return several ? { name: "active units", of: name, value, note } : { name: "active units", value, note };
      }),
      conditions: { threshold: activeThreshold },
      details: several ? details : details[names[0]!]!,
    };
  },
};
