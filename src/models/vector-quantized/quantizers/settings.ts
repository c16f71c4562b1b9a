import { z } from "zod";
import { Codebook } from "./codebook.ts";
import { passedGradients, type PassedGradient } from "./passed-gradient.ts";
import type { Quantizer } from "./quantizer.ts";

export const quantizerNames = ["vq"] as const;
export type QuantizerName = (typeof quantizerNames)[number];

const ofCodebooks = { quantizer: ["vq"] };

/** Settings of quantizers. */
export const quantizerConfig = {
  quantizer: z
    .enum(quantizerNames)
    .default("vq")
    .describe("how vectors become symbols; vq: nearest entry of a codebook"),
  codebookSize: z.int().min(2).max(65_536).default(256).describe("entries of the codebook"),
  codeDim: z.int().positive().max(4096).default(16).describe("dimensions of a vector that is quantized"),
  commitment: z
    .number()
    .min(0)
    .max(1e6)
    .default(0.25)
    .describe("beta: weight of the distance of encoder outputs from their entries"),
  gradient: z
    .enum(passedGradients)
    .default("straight-through")
    .describe(
      "what encoder outputs get of their entries' gradient; straight-through: the same; rotation: turned and scaled as the entry is",
    )
    .meta({ onlyWith: ofCodebooks }),
  codebook: z
    .enum(["ema", "gradient"])
    .default("ema")
    .describe("how entries are learned: as moving averages of the encoder outputs nearest to them, or by gradient")
    .meta({ onlyWith: ofCodebooks }),
  decay: z
    .number()
    .min(0)
    .max(0.99999)
    .default(0.99)
    .describe("decay of the codebook's moving averages and of the counts of its use"),
  start: z
    .enum(["k-means", "normal"])
    .default("k-means")
    .describe("initial codebook; k-means: encoder outputs of the first batch, then Lloyd's iterations; normal: N(0, I)")
    .meta({ onlyWith: ofCodebooks }),
  revive: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.01)
    .describe(
      "fraction of equal use below which an entry is dead and moves to an encoder output of the batch; 0 for never",
    )
    .meta({ onlyWith: ofCodebooks }),
};
export interface QuantizerConfig {
  readonly quantizer: QuantizerName;
  readonly codebookSize: number;
  readonly codeDim: number;
  readonly commitment: number;
  readonly gradient: PassedGradient;
  readonly codebook: "ema" | "gradient";
  readonly decay: number;
  readonly start: "k-means" | "normal";
  readonly revive: number;
}

/** The quantizer of the settings. */
export function quantizerFor(config: QuantizerConfig): Quantizer {
  const { codebookSize: size, codeDim: dim, codebook: learned } = config;
  switch (config.quantizer) {
    case "vq":
      return new Codebook({ ...config, size, dim, learned });
  }
}
