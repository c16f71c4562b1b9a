import { z } from "zod";
import { Autoregressive } from "../../bijectors/autoregressive.ts";
import type { Bijector } from "../../bijectors/bijector.ts";
import { Coupling } from "../../bijectors/couplings/coupling.ts";
import { VectorNetwork } from "../../bijectors/couplings/coupling-networks.ts";
import { halves } from "../../bijectors/couplings/division.ts";
import { Permutation } from "../../bijectors/permutation.ts";
import { rationalQuadratic } from "../../bijectors/rational-quadratic.ts";
import { defineModel } from "../definition.ts";
import { type LevelsConfig, levelsConfig } from "./levels.ts";
import { flowRemedies, vectorFlow, vectorFlowConfig, type VectorFlowConfig, type VectorSpec } from "./vector-flow.ts";
import { vectorFlowPresets } from "./presets.ts";

export interface SplineFlowConfig extends VectorFlowConfig, LevelsConfig {
  readonly transform: "coupling" | "autoregressive";
  readonly layers: number;
  readonly bins: number;
  readonly bound: number;
}

/**
 * Neural spline flow (Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032): layers in which values go through monotone rational-quadratic
 * splines whose knots follow from other values, of the other half (`coupling`) or of those before (`autoregressive`), and then change places.
 */
function bijectors(config: SplineFlowConfig, { size, given }: VectorSpec): readonly Bijector[] {
  const spline = rationalQuadratic(config);
  const [first, second] = [Math.floor(size / 2), size - Math.floor(size / 2)];
  const layer = (i: number): Bijector => {
    // Of one value there is no other half.
    if (config.transform === "autoregressive" || size === 1)
      return new Autoregressive(spline, { ...config, size, given, seed: i });
    const network = new VectorNetwork(first, second * spline.parameters, { ...config, given });
    return new Coupling(spline, network, halves([first, second], "second"));
  };
  const order = (i: number): Permutation =>
    size <= 3 || config.transform === "autoregressive" ? Permutation.reversed(size) : Permutation.shuffled(size, i);
  return Array.from({ length: config.layers }, (_, i) => [layer(i), order(i)]).flat();
}

/** The model as commands know it. */
export const splineFlow = defineModel<SplineFlowConfig>({
  name: "spline-flow",
  summary: "Neural spline flow: couplings or autoregression by monotone rational-quadratic splines",
  paper: "arXiv:1906.04032",
  config: z.strictObject({
    transform: z
      .enum(["coupling", "autoregressive"])
      .default("coupling")
      .describe(
        "what a value's spline follows from; coupling: the other half, sampled in one pass; autoregressive: all values before it",
      ),
    layers: z.int().min(1).max(64).default(8).describe("layers, with the values in another order between them"),
    bins: z.int().min(2).max(64).default(8).describe("K: bins of each spline"),
    bound: z
      .number()
      .positive()
      .max(1000)
      .default(4)
      .describe("B: splines are from [-B, B] onto itself, and the identity outside"),
    ...levelsConfig,
    ...vectorFlowConfig,
  }),
  presets: vectorFlowPresets,
  remedies: flowRemedies,
  build: (config, data) => vectorFlow("spline-flow", config, data, (spec) => bijectors(config, spec)),
});
