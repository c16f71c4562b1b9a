import type { Preset } from "../definition.ts";

/** For models that are trained adversarially: rates and moments of R3GAN (arXiv:2501.05441, appendix), and networks that suit the data. */
export const adversarialPresets: readonly Preset[] = [
  {
    suits: "adversarial training",
    fits: () => true,
    training: { learningRate: 2e-4, beta1: 0, beta2: 0.99, ema: 0.999, batchSize: 64 },
  },
  {
    suits: "points in the plane",
    fits: ({ kind }) => kind === "points",
    config: { latentDim: 2, hiddenDims: [128, 128, 128], penaltyWeight: 0.1 },
    training: { batchSize: 256, steps: 10_000, learningRate: 1e-3, schedule: "cosine" },
  },
  {
    // Frechet distance (small-28) on MNIST after 1500 steps: 48 with batch normalization, 55 without; 66 with a tenth of the penalty.
    suits: "images",
    fits: ({ kind }) => kind === "image",
    config: { network: "dcgan", channels: [32, 64], generatorNorm: "batch" },
    training: { steps: 15_000, learningRate: 1e-3, schedule: "cosine" },
  },
  {
    suits: "images of at least 32x32",
    fits: ({ kind, shape }) => kind === "image" && Math.min(...shape.slice(1)) >= 32,
    config: { channels: [64, 128, 256] },
    training: { learningRate: 5e-4 },
  },
];
