import { type Tensor, Variable } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { greater, where } from "../../../ops/comparison.ts";
import { log } from "../../../ops/arithmetic.ts";
import { exp, stopGradient } from "../../../ops/elementwise.ts";
import { oneHot } from "../../../ops/indexing.ts";
import { mean, sum } from "../../../ops/reduction.ts";

/** Symbols of a batch, counted. */
export interface Counted {
  /** [n, size], a 1 in each row. */
  readonly assigned: Tensor;
  /** How large a part of the batch each symbol is, [size]. */
  readonly batch: Tensor;
  /** Their running mean with this batch in it, [size]. */
  readonly running: Tensor;
}

/**
 * How often each of `size` symbols is used: a moving average over batches, so that what is told of it is told of many of them and not of one,
 * in which most of a large codebook cannot be.
 *
 *   N_k <- decay N_k + (1 - decay) n_k / n
 */
export class RunningCounts {
  /** N, [size]; their sum tends to 1. */
  readonly frequencies: Variable;
  readonly size: number;
  readonly decay: number;

  /** `initial`: the frequency that every symbol starts at. */
  constructor(
    size: number,
    { decay = 0.99, initial = 0 }: { readonly decay?: number; readonly initial?: number } = {},
  ) {
    this.frequencies = new Variable([size], { kind: "constant", value: initial }, { trainable: false });
    this.size = size;
    this.decay = decay;
  }

  /** Counts the symbols int64 [n] of a batch. `before`: frequencies to continue from in place of those that are kept. */
  follow(symbols: Tensor, context: Context, before: Tensor = this.frequencies): Counted {
    const assigned = oneHot(symbols, this.size);
    const batch = mean(assigned, 0);
    const running = stopGradient(before.mul(this.decay).add(batch.mul(1 - this.decay)));
    context.update(this.frequencies, running);
    return { assigned, batch, running };
  }
}

/** exp of the entropy of frequencies [size] of any sum: how many symbols used alike would be as varied. */
export function perplexityOf(frequencies: Tensor): Tensor {
  const p = frequencies.div(sum(frequencies));
  const some = greater(p, 0);
  return exp(sum(where(some, p.mul(log(where(some, p, 1))), 0)).neg());
}
