import type { Preset } from "../definition.ts";
import type { DataSpec } from "../model.ts";

const isImage = ({ kind }: DataSpec): boolean => kind === "image";

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
    fits: isImage,
    training: { batchSize: 64, schedule: "cosine", learningRate: 2e-3, warmup: 50, clipNorm: 50, ema: 0.999 },
  },
];

/** Of flows of images in scales. */
export const imageFlowPresets: readonly Preset[] = [
  ...couplingFlowPresets,
  {
    // At equal cost deeper is better: on MNIST after 160 steps 1.52 bits per dimension with 14 couplings of 34 channels at each scale, 1.55 with 8 of 48.
    suits: "images",
    fits: isImage,
    config: { couplings: 16 },
  },
];
