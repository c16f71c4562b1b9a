import { mutualInformationGap } from "../../metrics/codes/mutual-information-gap.ts";
import { sampledCodes } from "./gaussian-codes.ts";
import type { Metric } from "./metric.ts";
import { varyingFactors } from "./varying-factors.ts";

export const mutualInformationGapMetric: Metric = {
  name: "mig",
  summary: "mutual information gap, for data whose factors are known (arXiv:1802.04942, eq. 6)",
  standard: true,
  needs: ["gaussian"],
  lacking: ({ loaded, split }) => {
    if (varyingFactors(split).length === 0) return "no generative factors of the data are known";
    return loaded.trained.latentDim < 2 ? "the code has one dimension" : undefined;
  },
  async evaluate(context) {
    const { mean, z, latentDim } = await sampledCodes(context);
    const factors = varyingFactors(context.split);
    const values = factors.map((factor) => factor.values);
    const { mig, gaps, best } = mutualInformationGap(Float32Array.from(mean), latentDim, values);
    const sampled = mutualInformationGap(Float32Array.from(z), latentDim, values);
    return {
      results: [
        { name: "mig", value: mig, note: "mean over the factors", better: "higher" },
        { name: "mig", of: "samples", value: sampled.mig, note: "of codes sampled from q(z|x)", better: "higher" },
        ...factors.map(({ name }, k) => ({
          name: "gap",
          of: name,
          value: gaps[k]!,
          note: `highest mutual information: dimension ${best[k]}`,
        })),
      ],
      conditions: { codes: "means of q(z|x), and one sample of each", bins: 20 },
    };
  },
};
