import { ConfigError } from "../errors.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { matmul, reshape, softmax, transpose } from "../ops/index.ts";
import { Linear } from "./linear.ts";

/** Keys and values of positions that others attend to. */
export interface Memory {
  /** [batch, heads, dim / heads, time]: as scores take them. */
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
