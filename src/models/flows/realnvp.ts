import { z } from "zod";
import { ActNorm } from "../../bijectors/act-norm.ts";
import { AffineCoupling } from "../../bijectors/couplings/affine-coupling.ts";
import { entries, halves } from "../../bijectors/couplings/division.ts";
import { defineModel } from "../definition.ts";
import type { DataSpec, Model } from "../model.ts";
import { couplingFlow } from "./coupling-flow.ts";
import { checkerboardChannels, imageFlow, type ImageFlowConfig, imageFlowConfig } from "./image-flow.ts";
import { imageFlowPresets } from "./presets.ts";
import { flowRemedies } from "./vector-flow.ts";

/**
 * RealNVP (Dinh, Sohl-Dickstein & Bengio 2016, arXiv:1605.08803): affine couplings between the colors of a checkerboard, its rows and its columns, at several
 * scales; of vectors, between halves. Activation normalization takes the place of batch normalization, whose statistics would not be those of one example.
 */
function build(config: ImageFlowConfig, data: DataSpec): Model {
  if (data.kind === "image")
    return imageFlow("realnvp", config, data, (channels, i, network) => {
      const kept = checkerboardChannels(channels, i);
      const coupling = new AffineCoupling(network(kept.length, 2 * (channels - kept.length)), entries(channels, kept));
      return [new ActNorm(channels), coupling];
    });
  return couplingFlow("realnvp", config, data, (size, network) => {
    const sizes = [Math.floor(size / 2), Math.ceil(size / 2)] as const;
    return Array.from({ length: config.couplings }, (_, i) => {
      const changed = i % 2 === 0 ? "second" : "first";
      const [kept, moved] = changed === "second" ? sizes : ([sizes[1], sizes[0]] as const);
      return [new ActNorm(size), new AffineCoupling(network(kept, 2 * moved), halves(sizes, changed))];
    }).flat();
  });
}

/** The registered model. */
export const realNVP = defineModel<ImageFlowConfig>({
  name: "realnvp",
  summary: "RealNVP: a normalizing flow of affine couplings, with its exact likelihood and inverse",
  paper: "arXiv:1605.08803",
  config: z.strictObject(imageFlowConfig),
  presets: imageFlowPresets,
  remedies: flowRemedies,
  build,
});
