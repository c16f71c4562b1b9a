import { z } from "zod";
import { ConfigError } from "../../../errors.ts";
import { Codebook } from "./codebook.ts";
import { FiniteScalarQuantizer } from "./finite-scalar.ts";
import { GumbelSoftmax } from "./gumbel-softmax.ts";
import { passedGradients, type PassedGradient } from "./passed-gradient.ts";
import type { Quantizer } from "./quantizer.ts";
import { ResidualQuantizer } from "./residual.ts";
import { SimVQ } from "./sim-vq.ts";

export const quantizerNames = ["vq", "residual", "fsq", "simvq", "gumbel"] as const;
export type QuantizerName = (typeof quantizerNames)[number];

/** Those that have entries to be near to. */
const nearestNames: readonly QuantizerName[] = ["vq", "residual", "simvq"];

const only = (...quantizer: readonly QuantizerName[]) => ({ onlyWith: { quantizer } });
const learned = only("vq", "residual");
const nearestOf = only(...nearestNames);

/** Settings of quantizers. */
export const quantizerConfig = {
  quantizer: z
    .enum(quantizerNames)
    .default("vq")
    .describe(
      "vectors to symbols; vq: nearest entry of a codebook; residual: several codebooks, each of what is left; fsq: rounded to levels; simvq: a codebook moved as a whole; gumbel: Gumbel-softmax",
    ),
  codebookSize: z
    .int()
    .min(2)
    .max(65_536)
    .default(256)
    .describe("entries of the codebook")
    .meta(only("vq", "residual", "simvq", "gumbel")),
  codeDim: z
    .int()
    .positive()
    .max(4096)
    .default(16)
    .describe("dimensions of an entry")
    .meta(only("vq", "residual", "simvq", "gumbel")),
  depth: z.int().min(1).max(64).default(2).describe("residual: symbols of a position").meta(only("residual")),
  scalarLevels: z
    .array(z.int().min(3).max(256))
    .min(1)
    .max(16)
    .default([8, 6, 5])
    .describe("fsq: levels of each dimension; their product is the codebook's size")
    .meta(only("fsq")),
  normalize: z
    .boolean()
    .default(true)
    .describe("encoder outputs at a root mean square of 1, so that they cannot grow away from their entries")
    .meta(nearestOf),
  commitment: z
    .number()
    .min(0)
    .max(1e6)
    .default(0.25)
    .describe("beta: weight of the commitment loss, the distance of encoder outputs from their entries")
    .meta(nearestOf),
  gradient: z
    .enum(passedGradients)
    .default("straight-through")
    .describe("gradient past the quantizer; straight-through: as it is; rotation: turned and scaled as the vector is")
    .meta(nearestOf),
  codebook: z
    .enum(["ema", "gradient"])
    .default("ema")
    .describe(
      "learning of entries; ema: moving averages of the encoder outputs nearest to them; gradient: codebook loss",
    )
    .meta(learned),
  decay: z.number().min(0).max(0.99999).default(0.99).describe("decay of the codebook's moving averages").meta(learned),
  start: z
    .enum(["k-means", "normal"])
    .default("k-means")
    .describe("initial codebook; k-means: outputs of the encoder, then Lloyd's iterations; normal: N(0, I)")
    .meta(learned),
  revive: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.01)
    .describe(
      "dead entries: fraction of equal use below which one moves to an encoder output of the batch; 0 for never",
    )
    .meta(learned),
  temperature: z.number().min(0.01).max(1).default(0.5).describe("gumbel: lowest temperature").meta(only("gumbel")),
  annealing: z
    .number()
    .min(1)
    .max(1e7)
    .default(1000)
    .describe("gumbel: steps over which the temperature falls from 1 by a factor of e")
    .meta(only("gumbel")),
  rateWeight: z
    .number()
    .min(0)
    .max(1e6)
    .default(0.01)
    .describe("gumbel: weight of KL(q(z|x) || uniform)")
    .meta(only("gumbel")),
};
export interface QuantizerConfig {
  readonly quantizer: QuantizerName;
  readonly codebookSize: number;
  readonly codeDim: number;
  readonly depth: number;
  readonly scalarLevels: readonly number[];
  readonly normalize: boolean;
  readonly commitment: number;
  readonly gradient: PassedGradient;
  readonly codebook: "ema" | "gradient";
  readonly decay: number;
  readonly start: "k-means" | "normal";
  readonly revive: number;
  readonly temperature: number;
  readonly annealing: number;
  readonly rateWeight: number;
}

/** Whether vectors come to the quantizer of the settings at a root mean square of 1. */
export const isNormalized = ({ normalize, quantizer }: QuantizerConfig): boolean =>
  normalize && nearestNames.includes(quantizer);

/** The most symbols of a grid of levels. */
const mostSymbols = 65_536;

/** The quantizer of the settings. Throws ConfigError for a grid of more levels than a symbol has values. */
export function quantizerFor(config: QuantizerConfig): Quantizer {
  const { quantizer, codebookSize: size, codeDim: dim, codebook: learnedBy, depth, scalarLevels } = config;
  const options = { ...config, size, dim, learned: learnedBy };
  switch (quantizer) {
    case "vq":
      return new Codebook(options);
    case "residual":
      return new ResidualQuantizer(options, depth);
    case "fsq": {
      const fsq = new FiniteScalarQuantizer(scalarLevels);
      if (fsq.size > mostSymbols)
        throw new ConfigError(
          `scalarLevels: too many symbols, got ${scalarLevels.join(" x ")} = ${fsq.size}, expected a product of at most ${mostSymbols}`,
        );
      return fsq;
    }
    case "simvq":
      return new SimVQ(options);
    case "gumbel":
      return new GumbelSoftmax(options);
  }
}
