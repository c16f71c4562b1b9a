import type { Preset } from "../definition.ts";

/** Networks and training of flows of vectors. */
export const vectorFlowPresets: readonly Preset[] = [
  {
    suits: "points in the plane",
    fits: ({ kind }) => kind === "points",
    training: { batchSize: 256, steps: 6000, schedule: "cosine", learningRate: 2e-3 },
  },
];

/** Of flows of couplings, of images too. */
export const couplingFlowPresets: readonly Preset[] = [
  ...vectorFlowPresets,
  {
    suits: "images",
    fits: ({ kind }) => kind === "image",
    training: { batchSize: 64, schedule: "cosine", learningRate: 2e-3, warmup: 50, clipNorm: 50, ema: 0.999 },
  },
];
