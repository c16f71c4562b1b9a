import { z } from "zod";
import { Autoregressive } from "../../bijectors/autoregressive.ts";
import { affine } from "../../bijectors/elementwise.ts";
import { Permutation } from "../../bijectors/permutation.ts";
import { defineModel } from "../definition.ts";
import { type LevelsConfig, levelsConfig } from "./levels.ts";
import { flowRemedies, vectorFlow, vectorFlowConfig, type VectorFlowConfig } from "./vector-flow.ts";
import { vectorFlowPresets } from "./presets.ts";

export interface MAFConfig extends VectorFlowConfig, LevelsConfig {
  readonly layers: number;
}

/**
 * Masked autoregressive flow (Papamakarios, Pavlakou & Murray 2017, arXiv:1705.07057): each layer is a Gaussian p(x_i | x_<i) whose mean and variance
 * follow from the values before,
 *
 *   z_i = x_i exp(s_i(x_<i)) + t_i(x_<i),     log p(x) = log N(z; 0, I) + sum of all s_i
 *
 * and its z is the x of the next, in the reversed order.
 */
export const maf = defineModel<MAFConfig>({
  name: "maf",
  summary: "Masked autoregressive flow: each value is scaled and shifted by the values before it, layer by layer",
  paper: "arXiv:1705.07057",
  config: z.strictObject({
    layers: z.int().min(1).max(32).default(5).describe("autoregressive layers, with the order reversed between them"),
    ...levelsConfig,
    ...vectorFlowConfig,
  }),
  presets: vectorFlowPresets,
  remedies: flowRemedies,
  build: (config, data) =>
    vectorFlow("maf", config, data, ({ size, given }) =>
      Array.from({ length: config.layers }, (_, layer) => [
        new Autoregressive(affine, { ...config, size, given, seed: layer }),
        Permutation.reversed(size),
      ]).flat(),
    ),
});
