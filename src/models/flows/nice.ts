import { z } from "zod";
import { AdditiveCoupling } from "../../bijectors/couplings/additive-coupling.ts";
import { DiagonalScale } from "../../bijectors/diagonal-scale.ts";
import { alternating } from "../../bijectors/couplings/division.ts";
import { defineModel } from "../definition.ts";
import { couplingFlow } from "./coupling-flow.ts";
import { type LevelsConfig, levelsConfig } from "./levels.ts";
import { couplingFlowPresets } from "./presets.ts";
import { flowRemedies, type VectorFlowConfig, vectorFlowConfig } from "./vector-flow.ts";

export interface NICEConfig extends VectorFlowConfig, LevelsConfig {
  readonly couplings: number;
}

/**
 * NICE (Dinh, Krueger & Bengio 2014, arXiv:1410.8516): additive couplings between every other value, which keep volumes, then a scale of each value. The prior
 * is N(0, I), one of the paper's two.
 */
export const nice = defineModel<NICEConfig>({
  name: "nice",
  summary: "NICE: a normalizing flow of additive couplings and one scale of each value",
  paper: "arXiv:1410.8516",
  config: z.strictObject({
    couplings: z.int().min(1).max(64).default(4).describe("additive couplings"),
    ...levelsConfig,
    ...vectorFlowConfig,
  }),
  presets: couplingFlowPresets,
  remedies: flowRemedies,
  build: (config, data) =>
    couplingFlow("nice", config, data, (size, network) => [
      ...Array.from(
        { length: config.couplings },
        (_, i) => new AdditiveCoupling(network(size, size), alternating(size, i % 2 === 0 ? 0 : 1)),
      ),
      new DiagonalScale([size]),
    ]),
});
