import { ConfigError } from "../../errors.ts";
import type { Shape } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type ActivationName, activations } from "../../nn/activation.ts";
import type { Context } from "../../nn/context.ts";
import { ConvDecoder, ConvEncoder } from "../../nn/conv-nets.ts";
import { Conv } from "../../nn/conv.ts";
import { ResidualBlock } from "../../nn/residual.ts";
import { concat, reshape, transpose } from "../../ops/movement.ts";
import { requireImages } from "../parts/layer-sizes.ts";
import {
  type Decoder,
  decoderFor,
  type EncodedSpec,
  type Encoder,
  encoderFor,
  type NetworkConfig,
} from "../parts/networks.ts";

export interface GridNetworkConfig extends NetworkConfig {
  readonly network: "mlp" | "conv";
  readonly residualBlocks: number;
  readonly positions: number;
}

/**
 * One level of a hierarchy of grids: what is above the data, or above the grid of the level below, and back. Features are whatever the networks
 * hand each other.
 */
export interface Level {
  /** Of one example: how many vectors, along which axes. */
  readonly grid: Shape;
  /** From data, or the features of the level below, to features. */
  rise(below: Tensor, context: Context): Tensor;
  /** Vectors to quantize, [batch * positions, dim], of features and, below the top, of what comes down from the level above. */
  vectors(features: Tensor, fromAbove: Tensor | undefined, context: Context): Tensor;
  /** From such vectors, and what comes down from the level above, to the level below: data at the bottom. */
  descend(vectors: Tensor, fromAbove: Tensor | undefined, context: Context): Tensor;
}

/** Convolutions to a grid of vectors. */
export class GridLevel implements Level {
  readonly grid: Shape;
  readonly encoder: ConvEncoder;
  readonly encoderBlocks: readonly ResidualBlock[];
  readonly toVectors: Conv;
  readonly fromVectors: Conv;
  readonly decoderBlocks: readonly ResidualBlock[];
  readonly decoder: ConvDecoder;
  readonly #activation: ActivationName;

  /** `inputShape`: of data, or features below. `channels`: of each halving. `above`: channels that come down from the level above. */
  constructor(
    { activation, residualBlocks }: Pick<GridNetworkConfig, "activation" | "residualBlocks">,
    options: {
      readonly inputShape: Shape;
      readonly channels: readonly number[];
      readonly outChannels: number;
      readonly dim: number;
      readonly above: number;
    },
  ) {
    const { inputShape, channels, outChannels, dim, above } = options;
    this.encoder = new ConvEncoder({
      inputShape,
      layers: channels.map((c) => ({ channels: c, kernel: 4, stride: 2, padding: 1 })),
      activation,
    });
    const [width, ...grid] = this.encoder.outputShape as [number, ...number[]];
    this.grid = grid;
    const blocks = (): readonly ResidualBlock[] =>
      Array.from(
        { length: residualBlocks },
        () => new ResidualBlock({ inChannels: width, outChannels: width, activation, zeroLast: true }),
      );
    this.encoderBlocks = blocks();
    this.toVectors = new Conv(width + above, dim, [1, 1]);
    this.fromVectors = new Conv(dim + above, width, [3, 3], { padding: 1 });
    this.decoderBlocks = blocks();
    this.decoder = new ConvDecoder(this.encoder, { outChannels });
    this.#activation = activation;
  }

  rise(below: Tensor, context: Context): Tensor {
    return this.encoderBlocks.reduce((h, block) => block.apply(h, context), this.encoder.apply(below));
  }

  vectors(features: Tensor, fromAbove: Tensor | undefined): Tensor {
    const all = this.toVectors.apply(withAbove(features, fromAbove));
    return reshape(transpose(all, [0, 2, 3, 1]), [-1, all.shape[1]!]);
  }

  descend(vectors: Tensor, fromAbove: Tensor | undefined, context: Context): Tensor {
    const dim = vectors.shape[1]!;
    const grid = transpose(reshape(vectors, [-1, ...this.grid, dim]), [0, 3, 1, 2]);
    const first = this.fromVectors.apply(withAbove(grid, fromAbove));
    const h = this.decoderBlocks.reduce((each, block) => block.apply(each, context), first);
    return this.decoder.apply(activations[this.#activation](h));
  }
}

const withAbove = (t: Tensor, above: Tensor | undefined): Tensor => (above ? concat([t, above], 1) : t);

/** Linear layers to so many vectors side by side. */
export class FlatLevel implements Level {
  readonly grid: Shape;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly #dim: number;

  constructor(
    config: GridNetworkConfig,
    data: EncodedSpec,
    { decoded, dim }: { readonly decoded: Shape; readonly dim: number },
  ) {
    this.grid = [config.positions];
    this.encoder = encoderFor(config, data, config.positions * dim);
    this.decoder = decoderFor(config, config.positions * dim, decoded);
    this.#dim = dim;
  }

  rise(below: Tensor, context: Context): Tensor {
    return this.encoder.apply(below, context);
  }

  vectors(features: Tensor): Tensor {
    return reshape(features, [-1, this.#dim]);
  }

  descend(vectors: Tensor, _: Tensor | undefined, context: Context): Tensor {
    return this.decoder.apply(reshape(vectors, [-1, this.grid[0]! * this.#dim]), context);
  }
}

/** The levels of a hierarchy, top first. */
export function levelsFor(
  config: GridNetworkConfig,
  data: EncodedSpec,
  { decoded, levels, dim }: { readonly decoded: Shape; readonly levels: number; readonly dim: number },
): readonly Level[] {
  const { network, channels } = config;
  if (network === "mlp") return [new FlatLevel(config, data, { decoded, dim })];
  requireImages("conv", data.shape);
  const width = channels.at(-1)!;
  const made: Level[] = [];
  let inputShape = data.shape;
  for (let i = 0; i < levels; i++) {
    const bottom = i === 0;
    if (!bottom && inputShape.slice(1).some((side) => side < 2))
      throw new ConfigError(
        `hierarchy: its levels are too many, got ${levels} of images [${data.shape.join(", ")}], whose level ${i} is a grid of ${inputShape.slice(1).join("x")}, expected fewer, or fewer channels`,
      );
    const level = new GridLevel(config, {
      inputShape,
      channels: bottom ? channels : [width],
      outChannels: bottom ? decoded[0]! : width,
      dim,
      above: i === levels - 1 ? 0 : width,
    });
    made.push(level);
    inputShape = [width, ...level.grid];
  }
  return made.toReversed();
}
