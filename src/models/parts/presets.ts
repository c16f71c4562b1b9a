/** Presets of all models: networks and likelihoods that suit a kind of data. */
import type { Preset } from "../definition.ts";
import type { DataSpec } from "../model.ts";

const isImage = ({ kind }: DataSpec): boolean => kind === "image";
const isColored = (data: DataSpec): boolean => isImage(data) && data.shape[0]! > 1;

/** For models with an encoder and a decoder of [models/networks.ts](networks.ts). */
export const networkPresets: readonly Preset[] = [
  {
    // A VAE's -ELBO after 3,000 steps: 1.99 in place of 3.73 nats on eight Gaussians, 1.56 in place of 1.96 on two moons.
    suits: "points in the plane",
    fits: ({ kind }) => kind === "points",
    config: { latentDim: 2, hiddenDims: [128, 128] },
  },
  {
    suits: "images of at least 32x32, sides divisible by 8",
    fits: (data) => isImage(data) && data.shape.slice(1).every((side) => side >= 32 && side % 8 === 0),
    config: { network: "conv", channels: [32, 64, 128] },
  },
  {
    // Codes of 20 leave out more, codes of 128 take a long time to fill the prior: on CIFAR-10, after 700 steps of batches of 32,
    // they are 70 nats from it as a Gaussian, those of 64 are 45, and a VAE's -ELBO is -1469 and -1529.
    suits: "color images",
    fits: isColored,
    config: { latentDim: 64 },
  },
];

/** For models with a `likelihood`. */
export const likelihoodPresets: readonly Preset[] = [
  {
    // From the values' own deviation: from less, codes fill up with much the same before the prior weighs anything, and samples are
    // noise. With codes of 64, 700 steps of batches of 32 of CIFAR-10 end at a test -ELBO of -1894 nats, -1529 at a rate of 1e-3.
    suits: "color images",
    fits: isColored,
    config: { likelihood: "gaussian-learned", std: 0.25 },
    training: { learningRate: 3e-3 },
  },
  {
    // Until the bound no longer improves: on Adult, MAGIC, Online Shoppers and the like 20 epochs are a few seconds.
    suits: "rows of a table",
    fits: ({ kind }) => kind === "table",
    config: { likelihood: "columns" },
    training: { steps: 16_000, schedule: "cosine", learningRate: 2e-3 },
  },
  {
    suits: "real numbers",
    fits: ({ kind, range }) => range === null && kind !== "table",
    config: { likelihood: "gaussian-learned" },
  },
];
