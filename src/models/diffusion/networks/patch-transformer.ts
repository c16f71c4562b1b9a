import { ConfigError } from "../../../errors.ts";
import type { Shape } from "../../../graph/shape.ts";
import { type Tensor, Variable } from "../../../graph/tensor.ts";
import { MultiHeadAttention } from "../../../nn/attention.ts";
import type { Context } from "../../../nn/context.ts";
import { Dropout } from "../../../nn/dropout.ts";
import { heNormal, zeros } from "../../../nn/initializers.ts";
import { Linear } from "../../../nn/linear.ts";
import { LayerNorm } from "../../../nn/normalization.ts";
import { gelu } from "../../../ops/elementwise.ts";
import { reshape, split, transpose } from "../../../ops/movement.ts";
import type { ConditionInput } from "./condition-input.ts";
import { type DenoisingNetwork, LevelEmbedding } from "./level-embedding.ts";
import { checkPatch, depthToSpace, spaceToDepth } from "./patches.ts";

/** Features of each head. */
const HEAD = 32;

/** x (1 + scale) + shift for each example: [n, tokens, width], [n, width] twice. */
const modulated = (x: Tensor, scale: Tensor, shift: Tensor): Tensor => x.mul(token(scale).add(1)).add(token(shift));
const token = (v: Tensor): Tensor => reshape(v, [v.shape[0]!, 1, v.shape[1]!]);

/** A DiT block with adaLN-Zero (Peebles & Xie 2023, arXiv:2212.09748, section 3.2): scale, shift and gate of both branches from the embedding. */
class Block {
  readonly norm1: LayerNorm;
  readonly attention: MultiHeadAttention;
  readonly norm2: LayerNorm;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly modulation: Linear;

  constructor(width: number, dropout: number) {
    this.norm1 = new LayerNorm(width);
    this.attention = new MultiHeadAttention(width, width / HEAD);
    this.norm2 = new LayerNorm(width);
    this.linear1 = new Linear(width, 4 * width, { weight: heNormal });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(4 * width, width);
    this.modulation = new Linear(width, 6 * width, { weight: zeros });
  }

  apply(x: Tensor, embedding: Tensor, context: Context): Tensor {
    const [scale1, shift1, gate1, scale2, shift2, gate2] = split(this.modulation.apply(embedding), 1, 6);
    const attended = this.attention.apply(modulated(this.norm1.apply(x), scale1, shift1));
    const h = x.add(attended.mul(token(gate1)));
    const hidden = gelu(this.linear1.apply(modulated(this.norm2.apply(h), scale2, shift2)));
    return h.add(this.linear2.apply(this.dropout.apply(hidden, context)).mul(token(gate2)));
  }
}

export interface PatchTransformerOptions {
  readonly width: number;
  readonly depth: number;
  readonly patch: number;
  readonly dropout: number;
  readonly given: ConditionInput;
  readonly outputs: number;
}

/** Transformer over patches of images (DiT; Peebles & Xie 2023, arXiv:2212.09748), with learned positions. */
export class PatchTransformer implements DenoisingNetwork {
  readonly embedding: LevelEmbedding;
  readonly first: Linear;
  /** [tokens, width]. */
  readonly positions: Variable;
  readonly blocks: readonly Block[];
  readonly norm: LayerNorm;
  readonly modulation: Linear;
  readonly last: Linear;
  readonly #patch: number;
  readonly #given: ConditionInput;

  constructor(
    [channels, height, width]: Shape,
    { width: features, depth, patch, dropout, given, outputs }: PatchTransformerOptions,
  ) {
    if (features % HEAD !== 0)
      throw new ConfigError(`width: a transformer has heads of ${HEAD} features, got ${features}, expected a multiple`);
    checkPatch(patch, [height!, width!]);
    const tokens = (height! / patch) * (width! / patch);
    const size = channels! * patch ** 2;
    this.embedding = new LevelEmbedding(features, given);
    this.first = new Linear(size + given.channels * patch ** 2, features);
    this.positions = new Variable([tokens, features], { kind: "normal", mean: 0, std: 0.02 });
    this.blocks = Array.from({ length: depth }, () => new Block(features, dropout));
    this.norm = new LayerNorm(features);
    this.modulation = new Linear(features, 2 * features, { weight: zeros });
    this.last = new Linear(features, outputs * size, { weight: zeros });
    this.#patch = patch;
    this.#given = given;
  }

  apply(z: Tensor, feature: Tensor, context: Context): Tensor {
    const embedding = this.embedding.apply(feature, context);
    const grid = spaceToDepth(this.#given.beside(z, context), this.#patch);
    const [n, size, rows, columns] = grid.shape as readonly [number, number, number, number];
    const patches = transpose(reshape(grid, [n, size, rows * columns]), [0, 2, 1]);
    const start = this.first.apply(patches).add(this.positions);
    const h = this.blocks.reduce((before, block) => block.apply(before, embedding, context), start);
    const [scale, shift] = split(this.modulation.apply(embedding), 1, 2);
    const out = this.last.apply(modulated(this.norm.apply(h), scale, shift));
    return depthToSpace(reshape(transpose(out, [0, 2, 1]), [n, out.shape[2]!, rows, columns]), this.#patch);
  }
}
