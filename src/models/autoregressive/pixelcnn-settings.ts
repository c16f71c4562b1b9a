import { z } from "zod";
import { fieldNames } from "../parts/fields.ts";
import type { Preset } from "../definition.ts";
import { likelihoodConfig } from "../parts/likelihoods.ts";

export interface PixelCNNConfig {
  readonly likelihood: "bernoulli" | "categorical" | "logistic-mixture";
  readonly levels: number;
  readonly logistics: number;
  readonly width: number;
  readonly depth: number;
  readonly kernel: number;
  readonly firstKernel: number;
  readonly hidden: number;
  readonly embedding: number;
  readonly dropout: number;
  readonly conditional: boolean;
  readonly fields?: readonly string[] | undefined;
}

/** Settings of a PixelCNN. */
export const pixelCNNConfig = {
  likelihood: z
    .enum(["bernoulli", "categorical", "logistic-mixture"])
    .default("bernoulli")
    .describe(
      "of a pixel given those before it; bernoulli: binary; categorical: levels or symbols; logistic-mixture: levels, as in PixelCNN++",
    ),
  levels: likelihoodConfig.levels
    .describe("levels of intensities; symbols have their own number")
    .meta({ onlyWith: { likelihood: ["categorical", "logistic-mixture"] } }),
  logistics: likelihoodConfig.logistics.meta({ onlyWith: { likelihood: ["logistic-mixture"] } }),
  width: z.int().min(1).max(1024).default(24).describe("feature maps of each stack"),
  depth: z.int().min(1).max(200).default(8).describe("gated layers"),
  kernel: z.int().min(3).max(31).default(3).describe("side of the kernels before masking, odd"),
  firstKernel: z.int().min(3).max(63).default(7).describe("side of the first layer's kernel before masking, odd"),
  hidden: z.int().min(1).max(4096).default(32).describe("hidden units of each pixel after the last gated layer"),
  embedding: z.int().min(1).max(1024).default(16).describe("symbols: numbers that stand for each"),
  dropout: z.number().min(0).lt(1).default(0).describe("dropout of what the gates let through"),
  conditional: z.boolean().default(false).describe("class-conditional: p(x|y) of labeled data"),
  fields: fieldNames
    .optional()
    .describe(
      "fields of the data to condition on; one that is a grid, such as the level above of codes, place by place",
    ),
};

/** Outputs and training that suit the data. */
export const pixelCNNPresets: readonly Preset[] = [
  {
    suits: "pixels",
    fits: () => true,
    training: { ema: 0.999, learningRate: 3e-3, schedule: "cosine", batchSize: 64, clipNorm: 1 },
  },
  {
    suits: "intensities between black and white",
    fits: ({ range, binary, kind, shape }) =>
      range !== null && (binary === false || (kind === "image" && shape[0]! > 1)),
    config: { likelihood: "logistic-mixture" },
  },
  {
    suits: "symbols",
    fits: ({ symbols }) => symbols !== undefined,
    // Few places, each of many values, of which the same examples are soon known by heart.
    config: { likelihood: "categorical", width: 64, firstKernel: 5, hidden: 128, embedding: 32, dropout: 0.1 },
  },
];
