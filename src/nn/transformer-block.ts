import type { Tensor } from "../graph/tensor.ts";
import { gelu, reshape, split } from "../ops/index.ts";
import { MultiHeadAttention } from "./attention.ts";
import type { Context } from "./context.ts";
import { Dropout } from "./dropout.ts";
import { heNormal, zeros } from "./initializers.ts";
import { Linear } from "./linear.ts";
import { LayerNorm } from "./normalization.ts";

export interface TransformerBlockOptions {
  readonly dropout?: number;
  /** Whether a position sees only itself and those before it. */
  readonly causal?: boolean;
  /** Whether scale, shift and gate of both branches follow from an embedding of each example. */
  readonly modulated?: boolean;
}

/** What a block is given beside its input. */
export interface TransformerBlockInput {
  /** [batch, dim], of a block that is modulated. */
  readonly embedding?: Tensor;
  /** In place of attention to the input itself, such as to what earlier steps of a sampler have remembered. */
  readonly attend?: (normalized: Tensor) => Tensor;
}

/**
 * A transformer block with normalization before each branch (Xiong et al. 2020, arXiv:2002.04745):
 *
 *   h = x + attention(norm(x)),   y = h + W2 gelu(W1 norm(h))
 *
 * or, modulated, with adaLN-Zero (Peebles & Xie 2023, arXiv:2212.09748, section 3.2): each norm scaled and shifted, each branch gated.
 */
export class TransformerBlock {
  readonly norm1: LayerNorm;
  readonly attention: MultiHeadAttention;
  readonly norm2: LayerNorm;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly modulation?: Linear;

  constructor(
    dim: number,
    heads: number,
    { dropout = 0, causal = false, modulated = false }: TransformerBlockOptions = {},
  ) {
    this.norm1 = new LayerNorm(dim);
    this.attention = new MultiHeadAttention(dim, heads, { causal });
    this.norm2 = new LayerNorm(dim);
    this.linear1 = new Linear(dim, 4 * dim, { weight: heNormal });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(4 * dim, dim);
    if (modulated) this.modulation = new Linear(dim, 6 * dim, { weight: zeros });
  }

  /** [batch, time, dim] -> [batch, time, dim]. */
  apply(
    x: Tensor,
    context: Context,
    { embedding, attend = (h) => this.attention.apply(h) }: TransformerBlockInput = {},
  ): Tensor {
    if (!this.modulation || !embedding) {
      const h = x.add(attend(this.norm1.apply(x)));
      return h.add(this.#mlp(this.norm2.apply(h), context));
    }
    const [scale1, shift1, gate1, scale2, shift2, gate2] = split(this.modulation.apply(embedding), 1, 6);
    const h = x.add(attend(modulated(this.norm1.apply(x), scale1, shift1)).mul(perToken(gate1)));
    return h.add(this.#mlp(modulated(this.norm2.apply(h), scale2, shift2), context).mul(perToken(gate2)));
  }

  #mlp(x: Tensor, context: Context): Tensor {
    return this.linear2.apply(this.dropout.apply(gelu(this.linear1.apply(x)), context));
  }
}

/** x (1 + scale) + shift for each example: [batch, time, dim], [batch, dim] twice. */
export const modulated = (x: Tensor, scale: Tensor, shift: Tensor): Tensor =>
  x.mul(perToken(scale).add(1)).add(perToken(shift));
const perToken = (v: Tensor): Tensor => reshape(v, [v.shape[0]!, 1, v.shape[1]!]);
