import { activeThreshold, activeUnits, activity } from "../../metrics/codes/active-units.ts";
import { sampledCodes } from "./gaussian-codes.ts";
import type { Metric } from "./metric.ts";

export const activeUnitsMetric: Metric = {
  name: "active-units",
  summary: `latent dimensions whose posterior mean has a variance over examples above ${activeThreshold} (arXiv:1509.00519)`,
  standard: true,
  needs: ["gaussian"],
  async evaluate(context) {
    const { mean, latentDim } = await sampledCodes(context);
    const activities = [...activity(mean, latentDim)];
    return {
      results: [{ name: "active units", value: activeUnits(activities), note: `of ${latentDim}` }],
      conditions: { threshold: activeThreshold },
      details: { total: latentDim, activity: activities },
    };
  },
};
