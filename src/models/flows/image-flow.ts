import { z } from "zod";
import { AffineCoupling } from "../../bijectors/couplings/affine-coupling.ts";
import type { Bijector } from "../../bijectors/bijector.ts";
import { Chain } from "../../bijectors/chain.ts";
import { ImageNetwork } from "../../bijectors/couplings/coupling-networks.ts";
import { Dequantize, type LevelNoise, uniformNoise, VariationalNoise } from "../../bijectors/images/dequantize.ts";
import { entries } from "../../bijectors/couplings/division.ts";
import { Flatten } from "../../bijectors/images/flatten.ts";
import { Inverse } from "../../bijectors/inverse.ts";
import { Logit } from "../../bijectors/images/logit.ts";
import { SplitChannels } from "../../bijectors/images/split-channels.ts";
import { Squeeze } from "../../bijectors/images/squeeze.ts";
import { ConfigError } from "../../errors.ts";
import type { Shape } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { Conv } from "../../nn/conv.ts";
import { ResidualBlock } from "../../nn/residual.ts";
import { spaceToDepth } from "../../ops/resize.ts";
import type { DataSpec } from "../model.ts";
import { conditionSize } from "../parts/condition-vector.ts";
import { fieldsOf } from "../parts/fields.ts";
import type { NetworkOf } from "./coupling-flow.ts";
import { Flow } from "./flow.ts";
import { type LevelsConfig, levelsConfig, levelsOf, LOGIT_ALPHA } from "./levels.ts";
import { vectorFlowConfig, type VectorFlowConfig } from "./vector-flow.ts";

/** Settings of flows of images, which are flows of vectors too. */
export const imageFlowConfig = {
  couplings: z.int().min(1).max(64).default(8).describe("affine couplings; of images, at each scale"),
  scales: z
    .int()
    .min(1)
    .max(8)
    .optional()
    .describe(
      "images: scales, each of half the resolution of the one before (default: 2, or 1 where sides halve once)",
    ),
  width: z.int().min(1).max(1024).default(32).describe("images: channels of each coupling's network"),
  blocks: z.int().min(0).max(16).default(1).describe("images: residual blocks of each coupling's network"),
  dequantization: z
    .enum(["uniform", "variational"])
    .default("variational")
    .describe("images: noise between levels of intensities; variational: of a flow given the image"),
  ...levelsConfig,
  ...vectorFlowConfig,
};
export interface ImageFlowConfig extends VectorFlowConfig, LevelsConfig {
  readonly couplings: number;
  readonly scales?: number | undefined;
  readonly width: number;
  readonly blocks: number;
  readonly dequantization: "uniform" | "variational";
}

/**
 * A multi-scale flow of images (arXiv:1605.08803, section 3.6): at each scale 2x2 blocks become channels, the steps follow, and half the channels are latent
 * while the others go on. `step`: the bijectors of one step, of images of so many channels.
 */
export function imageFlow(
  name: string,
  config: ImageFlowConfig,
  data: DataSpec,
  step: (channels: number, at: number, network: NetworkOf) => readonly Bijector[],
): Flow {
  const { shape } = data;
  const scales = scalesOf(name, config, shape);
  const fields = config.conditional ? fieldsOf(data, ["class"]) : [];
  const given = conditionSize(fields);
  const levels = levelsOf(name, config, data);
  const { width, blocks, couplings } = config;
  const network: NetworkOf = (inChannels, outChannels) =>
    new ImageNetwork(inChannels, outChannels, { width, blocks, given });
  const scale = (from: Shape, left: number): Bijector => {
    const squeezed = [from[0]! * 4, from[1]! / 2, from[2]! / 2] as const;
    const steps = Array.from({ length: couplings }, (_, i) => step(squeezed[0], i, network)).flat();
    const half = [Math.ceil(squeezed[0] / 2), squeezed[1], squeezed[2]];
    const last = left === 1 ? new Flatten(squeezed) : new SplitChannels(squeezed, scale(half, left - 1));
    return new Chain([new Squeeze(), ...steps, last]);
  };
  const continuous = scale(shape, scales);
  if (levels === undefined) return new Flow(continuous, data, { fields });
  const noise = config.dequantization === "uniform" ? uniformNoise : variationalNoise(shape, config);
  return new Flow(new Chain([new Dequantize(levels, noise), new Logit(LOGIT_ALPHA), continuous]), data, {
    fields,
    dequantized: { levels, noise: config.dequantization },
  });
}

/** Couplings of the flow that noise between levels is made by. */
const noiseCouplings = 4;

function variationalNoise([channels]: Shape, { width }: ImageFlowConfig): LevelNoise {
  const squeezed = channels! * 4;
  const half = Math.ceil(width / 2);
  const options = { width: half, blocks: 0, givenChannels: half };
  const couplings = Array.from({ length: noiseCouplings }, (_, i) => {
    const kept = checkerboardChannels(squeezed, i);
    const network = new ImageNetwork(kept.length, 2 * (squeezed - kept.length), options);
    return new AffineCoupling(network, entries(squeezed, kept));
  });
  const flow = new Chain([new Squeeze(), ...couplings, new Inverse(new Squeeze())]);
  return new VariationalNoise(flow, new PixelFeatures(squeezed, half));
}

/** Features of images at the positions of their 2x2 blocks. */
class PixelFeatures {
  readonly first: Conv;
  readonly block: ResidualBlock;

  constructor(squeezed: number, width: number) {
    this.first = new Conv(squeezed, width, [3, 3], { padding: 1 });
    this.block = new ResidualBlock({ inChannels: width, outChannels: width });
  }

  apply(x: Tensor, context: Context): Tensor {
    return this.block.apply(this.first.apply(spaceToDepth(x.sub(0.5), 2)), context);
  }
}

/** Which pixels of a 2x2 block are kept together: the colors of a checkerboard, its rows, its columns. */
const patterns = [
  [0, 3],
  [0, 1],
  [0, 2],
] as const;

/**
 * The channels of a squeezed image that the i-th coupling keeps. A checkerboard over the image is two of the four channels that its 2x2 blocks become: networks
 * see the same pixels, as a quarter of the positions.
 */
export function checkerboardChannels(channels: number, i: number): readonly number[] {
  const pattern: readonly number[] = patterns[Math.floor(i / 2) % patterns.length]!;
  return Array.from({ length: channels }, (_, channel) => channel).filter(
    (channel) => pattern.includes(channel % 4) === (i % 2 === 0),
  );
}

/** As many scales as are set, or as sides halve, up to 2. */
function scalesOf(name: string, { scales }: ImageFlowConfig, shape: Shape): number {
  const [, height, width] = shape as readonly [number, number, number];
  let most = 0;
  while (height % 2 ** (most + 1) === 0 && width % 2 ** (most + 1) === 0) most++;
  if (most === 0)
    throw new ConfigError(
      `${name}: 2x2 blocks of images become channels, got ${height}x${width}, expected an even height and width; --image-size resizes a folder of images`,
    );
  if (scales !== undefined && scales > most)
    throw new ConfigError(
      `scales: images of ${height}x${width} halve ${most === 1 ? "once" : `${most} times`}, got ${scales}, expected ${most} or fewer`,
    );
  return scales ?? Math.min(2, most);
}
