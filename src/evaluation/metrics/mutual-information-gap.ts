import { mutualInformationGap } from "../../metrics/codes/mutual-information-gap.ts";
import type { Metric } from "./metric.ts";
import { varyingFactors } from "./varying-factors.ts";

export const mutualInformationGapMetric: Metric = {
  name: "mig",
  summary: "mutual information gap, for data whose factors are known (arXiv:1802.04942, eq. 6)",
  standard: true,
  needs: ["encode", "vector"],
  lacking: ({ loaded, split }) => {
    if (varyingFactors(split).length === 0) return "no generative factors of the data are known";
    return loaded.trained.latentDim < 2 ? "the code has one dimension" : undefined;
  },
  async evaluate({ loaded: { trained }, split, binarize, seed }) {
    const { latentDim } = trained;
    const { means, samples } = await trained.codes(split, { binarize, seed });
    const factors = varyingFactors(split);
    const values = factors.map((factor) => factor.values);
    const { mig, gaps, best } = mutualInformationGap(means, latentDim, values);
    // A posterior that is a point has its mean for its only sample.
    const spread = samples.some((value, i) => value !== means[i]);
    const sampled = spread ? mutualInformationGap(samples, latentDim, values) : undefined;
    return {
      results: [
        { name: "mig", value: mig, note: "mean over the factors", better: "higher" },
        ...(sampled
          ? [
              {
                name: "mig",
                of: "samples",
                value: sampled.mig,
                note: "of codes sampled from q(z|x)",
                better: "higher" as const,
              },
            ]
          : []),
        ...factors.map(({ name }, k) => ({
          name: "gap",
          of: name,
          value: gaps[k]!,
          note: `highest mutual information: dimension ${best[k]}`,
        })),
      ],
      conditions: { codes: spread ? "means of q(z|x), and one sample of each" : "means of q(z|x)", bins: 20 },
    };
  },
};
