import { type Shape, sizeOf } from "../../../graph/shape.ts";
import type { Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { Dropout } from "../../../nn/dropout.ts";
import { heNormal, zeros } from "../../../nn/initializers.ts";
import { Linear } from "../../../nn/linear.ts";
import { LayerNorm } from "../../../nn/normalization.ts";
import { silu, sin, cos } from "../../../ops/elementwise.ts";
import { concat, flatten, reshape } from "../../../ops/movement.ts";
import type { ConditionInput } from "./condition-input.ts";
import { type DenoisingNetwork, LevelEmbedding } from "./level-embedding.ts";

/** Two layers of a residual branch, with the embedding added between; the identity at first. */
class Block {
  readonly norm: LayerNorm;
  readonly linear1: Linear;
  readonly level: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;

  constructor(width: number, dropout: number) {
    this.norm = new LayerNorm(width);
    this.linear1 = new Linear(width, width, { weight: heNormal });
    this.level = new Linear(width, width);
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(width, width, { weight: zeros });
  }

  apply(x: Tensor, embedding: Tensor, context: Context): Tensor {
    const h = silu(this.linear1.apply(this.norm.apply(x)).add(this.level.apply(embedding)));
    return x.add(this.linear2.apply(this.dropout.apply(h, context)));
  }
}

/** Wavelengths of the Fourier features of a coordinate. */
const WAVES = [1, 2, 4, 8].map((k) => (k * Math.PI) / 2);

export interface ResidualMLPOptions {
  readonly width: number;
  readonly depth: number;
  /** Sines and cosines of each coordinate beside it: for few dimensions whose density is narrow somewhere. */
  readonly fourier: boolean;
  readonly dropout: number;
  readonly given: ConditionInput;
  readonly outputs: number;
}

/** A residual network of fully connected layers: [n, ...shape] -> the same, `outputs` times as long on its first axis. */
export class ResidualMLP implements DenoisingNetwork {
  readonly embedding: LevelEmbedding;
  readonly first: Linear;
  readonly blocks: readonly Block[];
  readonly norm: LayerNorm;
  readonly last: Linear;
  readonly #fourier: boolean;
  readonly #given: ConditionInput;
  readonly #outputs: number;

  constructor(shape: Shape, { width, depth, fourier, dropout, given, outputs }: ResidualMLPOptions) {
    const values = sizeOf([...shape.slice(1), shape[0]! + given.channels]);
    const inDim = values * (fourier ? 1 + 2 * WAVES.length : 1);
    this.embedding = new LevelEmbedding(width, given);
    this.first = new Linear(inDim, width, { weight: heNormal });
    this.blocks = Array.from({ length: depth }, () => new Block(width, dropout));
    this.norm = new LayerNorm(width);
    this.last = new Linear(width, outputs * sizeOf(shape), { weight: zeros });
    this.#fourier = fourier;
    this.#given = given;
    this.#outputs = outputs;
  }

  apply(z: Tensor, feature: Tensor, context: Context): Tensor {
    const embedding = this.embedding.apply(feature, context);
    const x = flatten(this.#given.beside(z, context));
    const waves = this.#fourier ? WAVES.flatMap((wave) => [sin(x.mul(wave)), cos(x.mul(wave))]) : [];
    const start = this.first.apply(waves.length > 0 ? concat([x, ...waves], 1) : x);
    const h = this.blocks.reduce((before, block) => block.apply(before, embedding, context), start);
    const [n, channels, ...rest] = z.shape as readonly [number, number, ...number[]];
    return reshape(this.last.apply(silu(this.norm.apply(h))), [n, this.#outputs * channels, ...rest]);
  }
}
