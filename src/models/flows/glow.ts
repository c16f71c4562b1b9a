import { z } from "zod";
import { ActNorm } from "../../bijectors/act-norm.ts";
import { AffineCoupling } from "../../bijectors/couplings/affine-coupling.ts";
import type { Bijector } from "../../bijectors/bijector.ts";
import { halves } from "../../bijectors/couplings/division.ts";
import { InvertibleLinear } from "../../bijectors/invertible-linear.ts";
import { defineModel } from "../definition.ts";
import type { DataSpec, Model } from "../model.ts";
import { couplingFlow, type NetworkOf } from "./coupling-flow.ts";
import { imageFlow, type ImageFlowConfig, imageFlowConfig } from "./image-flow.ts";
import { imageFlowPresets } from "./presets.ts";
import { flowRemedies } from "./vector-flow.ts";

/**
 * Glow (Kingma & Dhariwal 2018, arXiv:1807.03039): steps of activation normalization, an invertible 1x1 convolution and an affine coupling between halves of
 * the channels, at several scales. Of vectors, the convolution is a linear map.
 */
function build(config: ImageFlowConfig, data: DataSpec): Model {
  if (data.kind === "image") return imageFlow("glow", config, data, (channels, _, network) => step(channels, network));
  return couplingFlow("glow", config, data, (size, network) =>
    Array.from({ length: config.couplings }, () => step(size, network)).flat(),
  );
}

function step(size: number, network: NetworkOf): readonly Bijector[] {
  const kept = Math.floor(size / 2);
  const coupling = new AffineCoupling(network(kept, 2 * (size - kept)), halves([kept, size - kept], "second"));
  return [new ActNorm(size), new InvertibleLinear(size), coupling];
}

/** The registered model. */
export const glow = defineModel<ImageFlowConfig>({
  name: "glow",
  summary: "Glow: a normalizing flow of affine couplings and invertible 1x1 convolutions",
  paper: "arXiv:1807.03039",
  config: z.strictObject(imageFlowConfig),
  presets: imageFlowPresets,
  remedies: flowRemedies,
  build,
});
