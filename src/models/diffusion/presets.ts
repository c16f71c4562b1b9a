import type { Preset } from "../definition.ts";
import type { DataSpec } from "../model.ts";

const isImage = (least: number) => (data: DataSpec) =>
  data.kind === "image" && Math.min(...data.shape.slice(1)) >= least;

/** Networks and training that suit the data. */
export const diffusionPresets: readonly Preset[] = [
  {
    suits: "diffusion",
    fits: () => true,
    training: { ema: 0.999, learningRate: 1e-3, schedule: "cosine", steps: 10_000 },
  },
  {
    suits: "diffusion of at least 1000 steps",
    fits: (_, steps) => steps === undefined || steps >= 1000,
    training: { warmup: 100 },
  },
  {
    suits: "rows of a table",
    fits: ({ kind }) => kind === "table",
    config: { codes: "vae" },
  },
  {
    suits: "points in the plane",
    fits: ({ kind }) => kind === "points",
    config: { width: 128, fourier: true },
    training: { batchSize: 256, steps: 10_000 },
  },
  {
    suits: "images of at least 8x8",
    fits: isImage(8),
    // With EDM's own -1.2 half of all steps are at levels where a small image can be told already, and its strokes are learned late: docs/results.md.
    config: { network: "unet", channels: [32, 64], logMean: 0 },
    training: { batchSize: 64 },
  },
  {
    suits: "images of at least 24x24",
    fits: isImage(24),
    config: { channels: [32, 64, 64] },
  },
  ...[2, 4].map((patch): Preset => ({
    suits: `images of at least ${8 * patch}x${8 * patch}, for a transformer`,
    fits: (data, _, { network } = {}) =>
      network === "transformer" && isImage(8 * patch)(data) && data.shape.slice(1).every((side) => side % patch === 0),
    config: { patch },
  })),
];
