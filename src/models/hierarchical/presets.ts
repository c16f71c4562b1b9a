import type { Preset } from "../definition.ts";
import type { DataSpec } from "../model.ts";

const images =
  (low: number, high: number, divisor: number) =>
  ({ kind, shape }: DataSpec): boolean =>
    kind === "image" && shape.slice(1).every((side) => side >= low && side <= high && side % divisor === 0);

// Convolutions at the full resolution would take most of a step. Patches leave them out: what is within one is a matter of channels.
const training = { batchSize: 64, learningRate: 2e-3, schedule: "cosine", ema: 0.999 };

/** For hierarchies of grids. `skipping`: what training skips, where a model leaves its gradients as they are. */
export const gridPresets = (skipping: Readonly<Record<string, number>> = {}): readonly Preset[] => [
  {
    suits: "images of sides from 16 to 32, divisible by 4",
    fits: images(16, 32, 4),
    config: { latents: [2, 6], patch: 4, width: 48 },
    training: { ...training, ...skipping },
  },
  {
    suits: "images of sides above 32, divisible by 8",
    fits: images(33, 4096, 8),
    config: { latents: [2, 3, 3], patch: 4, width: 48 },
    training: { ...training, ...skipping },
  },
];
