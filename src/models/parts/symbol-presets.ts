/** Presets of transformers over symbols: networks by the size of data, and images in patches. */
import type { Preset } from "../definition.ts";

const isSmall = ({ examples = Infinity }: { readonly examples?: number }): boolean => examples < 10_000;

export const symbolPresets: readonly Preset[] = [
  {
    suits: "transformers over symbols",
    fits: () => true,
    training: { optimizer: "adamw", weightDecay: 0.01, learningRate: 1e-3, schedule: "cosine", batchSize: 64 },
  },
  {
    suits: "transformers, of at least 1000 steps",
    fits: (_, steps) => steps === undefined || steps >= 1000,
    training: { warmup: 100 },
  },
  {
    suits: "fewer than 10,000 examples",
    fits: isSmall,
    config: { width: 64, depth: 2, dropout: 0.1 },
  },
  {
    // 196 positions of 28x28 in place of 784: attention is 16 times less.
    suits: "binary images with even sides",
    fits: ({ kind, shape, range, symbols }, _, given = {}) =>
      kind === "image" &&
      range !== null &&
      symbols === undefined &&
      shape[0]! <= 3 &&
      (given["levels"] ?? 2) === 2 &&
      shape.slice(1).every((side) => side % 2 === 0),
    config: { patch: 2 },
  },
];

/** The same where the loss is of a random mask, and its gradient varies more. */
export const maskedPresets: readonly Preset[] = [
  ...symbolPresets,
  { suits: "masked diffusion", fits: () => true, training: { ema: 0.999, steps: 10_000 } },
];
