import { ConfigError } from "../../../errors.ts";
import type { Shape } from "../../../graph/shape.ts";
import { type Tensor, Variable } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { zeros } from "../../../nn/initializers.ts";
import { Linear } from "../../../nn/linear.ts";
import { LayerNorm } from "../../../nn/normalization.ts";
import { modulated, TransformerBlock } from "../../../nn/attention.ts";
import { reshape, split, transpose } from "../../../ops/movement.ts";
import type { ConditionInput } from "./condition-input.ts";
import { type DenoisingNetwork, LevelEmbedding } from "./level-embedding.ts";
import { checkPatch, depthToSpace, spaceToDepth } from "../../parts/patches.ts";

/** Features of each head. */
const HEAD = 32;

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
  readonly blocks: readonly TransformerBlock[];
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
    this.blocks = Array.from(
      { length: depth },
      () => new TransformerBlock(features, features / HEAD, { dropout, modulated: true }),
    );
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
    const h = this.blocks.reduce((before, block) => block.apply(before, context, { embedding }), start);
    const [scale, shift] = split(this.modulation.apply(embedding), 1, 2);
    const out = this.last.apply(modulated(this.norm.apply(h), scale, shift));
    return depthToSpace(reshape(transpose(out, [0, 2, 1]), [n, out.shape[2]!, rows, columns]), this.#patch);
  }
}
