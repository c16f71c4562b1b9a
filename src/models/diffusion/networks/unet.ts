import { ConfigError } from "../../../errors.ts";
import type { Shape } from "../../../graph/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import { MultiHeadAttention } from "../../../nn/attention.ts";
import type { Context } from "../../../nn/context.ts";
import { addPerChannel, Conv } from "../../../nn/conv.ts";
import { Dropout } from "../../../nn/dropout.ts";
import { zeros } from "../../../nn/initializers.ts";
import { Linear } from "../../../nn/linear.ts";
import { GroupNorm } from "../../../nn/normalization.ts";
import { silu } from "../../../ops/elementwise.ts";
import { concat, reshape, slice, transpose } from "../../../ops/movement.ts";
import { upsampleConv } from "../../../ops/resize.ts";
import type { ConditionInput } from "./condition-input.ts";
import { type DenoisingNetwork, LevelEmbedding } from "./level-embedding.ts";
import { checkPatch, depthToSpace, spaceToDepth } from "../../parts/patches.ts";

const groupNorm = (channels: number): GroupNorm => {
  const groups = [8, 4, 2, 1].find((count) => channels % count === 0)!;
  return new GroupNorm(groups, channels);
};
const conv3 = (from: number, to: number, options: ConstructorParameters<typeof Conv>[3] = {}): Conv =>
  new Conv(from, to, [3, 3], { padding: 1, ...options });

/** Normalization, SiLU and a 3x3 convolution, twice, with the embedding added between; the block is the identity at first. */
class Block {
  readonly norm1: GroupNorm;
  readonly conv1: Conv;
  readonly level: Linear;
  readonly norm2: GroupNorm;
  readonly dropout: Dropout;
  readonly conv2: Conv;
  readonly skip?: Conv;

  constructor(from: number, to: number, { embeddingDim, dropout }: { embeddingDim: number; dropout: number }) {
    this.norm1 = groupNorm(from);
    this.conv1 = conv3(from, to);
    this.level = new Linear(embeddingDim, to);
    this.norm2 = groupNorm(to);
    this.dropout = new Dropout(dropout);
    this.conv2 = conv3(to, to, { weight: zeros });
    if (from !== to) this.skip = new Conv(from, to, [1, 1]);
  }

  apply(x: Tensor, embedding: Tensor, context: Context): Tensor {
    const h = this.conv1.apply(silu(this.norm1.apply(x)));
    const level = this.level.apply(embedding);
    const shifted = h.add(reshape(level, [...level.shape, 1, 1]));
    const residual = this.conv2.apply(this.dropout.apply(silu(this.norm2.apply(shifted)), context));
    return (this.skip?.apply(x) ?? x).add(residual);
  }
}

/** Channels of each head. */
const HEAD = 16;

/** Self-attention between the positions of a feature map. */
class Attention {
  readonly norm: GroupNorm;
  readonly attention: MultiHeadAttention;

  constructor(channels: number) {
    this.norm = groupNorm(channels);
    this.attention = new MultiHeadAttention(channels, channels % HEAD === 0 ? channels / HEAD : 1);
  }

  apply(x: Tensor): Tensor {
    const [n, c, h, w] = x.shape as readonly [number, number, number, number];
    const positions = transpose(reshape(this.norm.apply(x), [n, c, h * w]), [0, 2, 1]);
    return x.add(reshape(transpose(this.attention.apply(positions), [0, 2, 1]), x.shape));
  }
}

/** Nearest neighbors at twice the size and a 3x3 convolution, cut to the size that was halved: of an odd one, rounded up. */
class Upsample {
  readonly conv: Conv;
  constructor(channels: number) {
    this.conv = conv3(channels, channels);
  }
  apply(x: Tensor, [height, width]: Shape): Tensor {
    const large = addPerChannel(upsampleConv(x, this.conv.weight, 2), this.conv.bias);
    return slice(slice(large, 2, 0, height), 3, 0, width);
  }
}

export interface UNetOptions {
  /** At each resolution, the finest first. */
  readonly channels: readonly number[];
  /** Residual blocks at each resolution, each way. */
  readonly blocks: number;
  /** How many of the coarsest resolutions have self-attention. */
  readonly attention: number;
  readonly patch: number;
  readonly dropout: number;
  readonly given: ConditionInput;
  readonly outputs: number;
}

/**
 * U-Net of residual blocks (Ho et al. 2020, arXiv:2006.11239, appendix B): strided convolutions down, nearest neighbors up, skip connections
 * from the end of each resolution, self-attention at the coarsest.
 */
export class UNet implements DenoisingNetwork {
  readonly embedding: LevelEmbedding;
  readonly first: Conv;
  readonly down: readonly {
    readonly blocks: readonly Block[];
    readonly attention?: Attention;
    readonly halve?: Conv;
  }[];
  readonly middle: { readonly before: Block; readonly attention?: Attention; readonly after: Block };
  readonly up: readonly {
    readonly blocks: readonly Block[];
    readonly attention?: Attention;
    readonly double?: Upsample;
  }[];
  readonly norm: GroupNorm;
  readonly last: Conv;
  readonly #patch: number;
  readonly #given: ConditionInput;

  constructor([inChannels, height, width]: Shape, options: UNetOptions) {
    const { channels, blocks, attention, patch, dropout, given, outputs } = options;
    const smallest = Math.min(height!, width!);
    checkPatch(patch, [height!, width!]);
    if (smallest / patch < 2 ** (channels.length - 1))
      throw new ConfigError(
        `channels: unet halves an image between resolutions, got ${channels.length} of them for images of ${width}x${height}${patch > 1 ? ` in squares of ${patch}` : ""}, expected at most ${1 + Math.floor(Math.log2(smallest / patch))}`,
      );
    const embeddingDim = 4 * channels[0]!;
    const block = (from: number, to: number): Block => new Block(from, to, { embeddingDim, dropout });
    const attends = (i: number): boolean => i >= channels.length - attention;
    const last = channels.length - 1;
    this.#patch = patch;
    this.#given = given;
    this.embedding = new LevelEmbedding(embeddingDim, given);
    this.first = conv3((inChannels! + given.channels) * patch ** 2, channels[0]!);
    this.down = channels.map((c, i) => ({
      blocks: Array.from({ length: blocks }, (_, k) => block(k === 0 ? channels[Math.max(0, i - 1)]! : c, c)),
      ...(attends(i) && { attention: new Attention(c) }),
      ...(i < last && { halve: conv3(c, c, { stride: 2 }) }),
    }));
    const deepest = channels[last]!;
    this.middle = {
      before: block(deepest, deepest),
      ...(attention > 0 && { attention: new Attention(deepest) }),
      after: block(deepest, deepest),
    };
    this.up = channels
      .map((c, i) => ({
        blocks: Array.from({ length: blocks }, (_, k) => block(k === 0 ? c + (channels[i + 1] ?? c) : c, c)),
        ...(attends(i) && { attention: new Attention(c) }),
        ...(i < last && { double: new Upsample(channels[i + 1]!) }),
      }))
      .toReversed();
    this.norm = groupNorm(channels[0]!);
    this.last = conv3(channels[0]!, outputs * inChannels! * patch ** 2, { weight: zeros });
  }

  apply(z: Tensor, feature: Tensor, context: Context): Tensor {
    const embedding = this.embedding.apply(feature, context);
    const through = (x: Tensor, blocks: readonly Block[]): Tensor =>
      blocks.reduce((h, block) => block.apply(h, embedding, context), x);
    let h = this.first.apply(spaceToDepth(this.#given.beside(z, context), this.#patch));
    const skips: Tensor[] = [];
    for (const { blocks, attention, halve } of this.down) {
      h = through(h, blocks);
      h = attention?.apply(h) ?? h;
      skips.push(h);
      h = halve?.apply(h) ?? h;
    }
    const { before, attention, after } = this.middle;
    h = before.apply(h, embedding, context);
    h = after.apply(attention?.apply(h) ?? h, embedding, context);
    for (const { blocks, attention: attend, double } of this.up) {
      const skip = skips.pop()!;
      h = double?.apply(h, skip.shape.slice(2)) ?? h;
      h = through(concat([h, skip], 1), blocks);
      h = attend?.apply(h) ?? h;
    }
    return depthToSpace(this.last.apply(silu(this.norm.apply(h))), this.#patch);
  }
}
