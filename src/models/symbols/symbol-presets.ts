/** Presets of transformers over symbols: networks and steps by the size of data, and images in patches. */
import type { Preset } from "../definition.ts";

const isLong = ({ examples = Infinity }: { readonly examples?: number }): boolean => examples >= 10_000;

/** `steps`: of training on data of many examples. */
export const symbolPresets = (steps: number): readonly Preset[] => [
  {
    suits: "transformers over symbols",
    fits: () => true,
    training: { optimizer: "adamw", weightDecay: 0.01, schedule: "cosine", batchSize: 64 },
  },
  {
    suits: "transformers, of at least 1000 steps",
    fits: (_, given) => given === undefined || given >= 1000,
    training: { warmup: 100 },
  },
  {
    suits: "at least 10,000 examples",
    fits: isLong,
    training: { steps },
  },
  {
    suits: "fewer than 10,000 examples",
    fits: (data) => !isLong(data),
    config: { width: 64, depth: 2, dropout: 0.1 },
  },
  {
    // 196 positions of 28x28 in place of 784: the scores of attention are a sixteenth.
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
