import type { Preset } from "../definition.ts";

/** Networks and training of flows of vectors. */
export const vectorFlowPresets: readonly Preset[] = [
  {
    suits: "points in the plane",
    fits: ({ kind }) => kind === "points",
    training: { batchSize: 256, steps: 6000, schedule: "cosine", learningRate: 2e-3 },
  },
];
