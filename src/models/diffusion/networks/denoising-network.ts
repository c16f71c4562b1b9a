import { z } from "zod";
import { ConfigError } from "../../../errors.ts";
import type { Shape } from "../../../graph/shape.ts";
import type { ConditionInput } from "./condition-input.ts";
import type { DenoisingNetwork } from "./level-embedding.ts";
import { PatchTransformer } from "./patch-transformer.ts";
import { ResidualMLP } from "./residual-mlp.ts";
import { layerChannels, requireImages } from "../../parts/layer-sizes.ts";
import { UNet } from "./unet.ts";

/** Settings of the network of a denoiser. */
export const denoisingNetworkConfig = {
  network: z
    .enum(["mlp", "unet", "transformer"])
    .default("mlp")
    .describe(
      "denoising network; mlp: residual, fully connected, for points, rows and codes; unet: convolutions at several resolutions, for images; transformer: over patches of images",
    ),
  width: z
    .int()
    .positive()
    .max(8192)
    .default(256)
    .describe("mlp, transformer: features of each layer, for a transformer a multiple of 32")
    .meta({ onlyWith: { network: ["mlp", "transformer"] } }),
  depth: z
    .int()
    .positive()
    .max(64)
    .default(3)
    .describe("mlp, transformer: residual blocks")
    .meta({ onlyWith: { network: ["mlp", "transformer"] } }),
  fourier: z
    .boolean()
    .default(false)
    .describe("mlp: sines and cosines of each coordinate beside it, for few dimensions with fine structure")
    .meta({ onlyWith: { network: ["mlp"] } }),
  channels: layerChannels
    .default([32, 64])
    .describe("unet: channels at each resolution, the finest first, each half the size of the one before")
    .meta({ onlyWith: { network: ["unet"] } }),
  blocks: z
    .int()
    .positive()
    .max(16)
    .default(1)
    .describe("unet: residual blocks at each resolution, each way")
    .meta({ onlyWith: { network: ["unet"] } }),
  attention: z
    .int()
    .min(0)
    .max(6)
    .default(1)
    .describe("unet: coarsest resolutions with self-attention; 0: none")
    .meta({ onlyWith: { network: ["unet"] } }),
  patch: z
    .int()
    .positive()
    .max(64)
    .default(1)
    .describe("unet, transformer: side of the squares of pixels that become channels first (space to depth); 1: none")
    .meta({ onlyWith: { network: ["unet", "transformer"] } }),
  dropout: z.number().min(0).lt(1).default(0).describe("dropout in residual blocks"),
};
export interface DenoisingNetworkConfig {
  readonly network: "mlp" | "unet" | "transformer";
  readonly width: number;
  readonly depth: number;
  readonly fourier: boolean;
  readonly channels: readonly number[];
  readonly blocks: number;
  readonly attention: number;
  readonly patch: number;
  readonly dropout: number;
}

/** The network of the settings for examples of a shape, whose output is `outputs` times as long as they on the first axis. Throws ConfigError where one does not fit the other. */
export function denoisingNetwork(
  config: DenoisingNetworkConfig,
  shape: Shape,
  given: ConditionInput,
  outputs = 1,
): DenoisingNetwork {
  const { network, width, depth, fourier, dropout, patch } = config;
  if (network === "mlp") return new ResidualMLP(shape, { width, depth, fourier, dropout, given, outputs });
  requireImages(network, shape);
  if (network === "transformer") return new PatchTransformer(shape, { width, depth, patch, dropout, given, outputs });
  if (config.attention > config.channels.length)
    throw new ConfigError(
      `attention: it counts resolutions, got ${config.attention}, expected at most ${config.channels.length}, the number of channels`,
    );
  return new UNet(shape, { ...config, given, outputs });
}
