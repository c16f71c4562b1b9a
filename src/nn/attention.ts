import { ConfigError } from "../errors.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { gelu, matmul, reshape, softmax, split, transpose } from "../ops/index.ts";
import type { Context } from "./context.ts";
import { Dropout } from "./dropout.ts";
import { heNormal, zeros } from "./initializers.ts";
import { Linear } from "./linear.ts";
import { LayerNorm } from "./normalization.ts";

/** Keys and values of positions that others attend to. */
export interface Memory {
  /** As scores take them: [batch, heads, dim / heads, time]. */
  readonly keys: Tensor;
  /** [batch, heads, time, dim / heads]. */
  readonly values: Tensor;
}

export interface AttentionOptions {
  /** Whether a position sees only itself and those before it. */
  readonly causal?: boolean;
  /** Features of the memory, when they are not the queries'. */
  readonly memoryDim?: number;
}

/**
 * Multi-head scaled dot-product attention (arXiv:1706.03762, section 3.2).
 *
 *   attention(Q, K, V) = softmax(Q K^T / sqrt(d)) V, for each head of d = dim / heads features
 */
export class MultiHeadAttention {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly heads: number;
  readonly causal: boolean;

  constructor(dim: number, heads: number, { causal = false, memoryDim = dim }: AttentionOptions = {}) {
    if (!Number.isInteger(dim / heads))
      throw new ConfigError(`MultiHeadAttention: got ${heads} heads of ${dim} features, expected a divisor of ${dim}`);
    this.query = new Linear(dim, dim);
    this.key = new Linear(memoryDim, dim);
    this.value = new Linear(memoryDim, dim);
    this.output = new Linear(dim, dim);
    this.heads = heads;
    this.causal = causal;
  }

  /** x [batch, time, dim] attends to memory [batch, memoryTime, memoryDim], itself when none is given -> [batch, time, dim]. */
  apply(x: Tensor, memory: Tensor = x): Tensor {
    const bias = this.causal ? causalMask(x.shape[1]!, memory.shape[1]!) : undefined;
    return this.attend(x, this.remember(memory), bias);
  }

  /** What there is to attend to of [batch, time, memoryDim]. */
  remember(memory: Tensor): Memory {
    return { keys: transpose(this.#split(this.key.apply(memory))), values: this.#split(this.value.apply(memory)) };
  }

  /** x [batch, time, dim] attends to what is remembered; `bias`, added to the scores [batch, heads, time, memoryTime], is -infinity where it may not. */
  attend(x: Tensor, { keys, values }: Memory, bias?: Tensor): Tensor {
    const queries = this.#split(this.query.apply(x));
    const scores = matmul(queries, keys).mul(1 / Math.sqrt(queries.shape[3]!));
    const weights = softmax(bias ? scores.add(bias) : scores);
    const merged = reshape(transpose(matmul(weights, values), [0, 2, 1, 3]), x.shape);
    return this.output.apply(merged);
  }

  /** [batch, time, dim] -> [batch, heads, time, dim / heads]. */
  #split(x: Tensor): Tensor {
    const [batch, time, dim] = x.shape as [number, number, number];
    return transpose(reshape(x, [batch, time, this.heads, dim / this.heads]), [0, 2, 1, 3]);
  }
}

/** 0 where a row may look, -infinity at the columns after it. */
const causalMask = (rows: number, columns: number): Tensor =>
  constant(
    Array.from({ length: rows * columns }, (_, i) => (i % columns > Math.floor(i / columns) ? -Infinity : 0)),
    [rows, columns],
  );

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
