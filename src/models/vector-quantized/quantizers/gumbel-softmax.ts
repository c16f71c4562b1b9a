import { RelaxedCategorical } from "../../../distributions/relaxed-categorical.ts";
import { constant, type Tensor, Variable } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { Linear } from "../../../nn/linear.ts";
import { maximum } from "../../../ops/arithmetic.ts";
import { exp, straightThrough } from "../../../ops/elementwise.ts";
import { gather, oneHot } from "../../../ops/indexing.ts";
import { argmax, logSoftmax, sum } from "../../../ops/reduction.ts";
import { asColumn, asRow } from "./columns.ts";
import type { Quantized, Quantizer } from "./quantizer.ts";

export interface GumbelSoftmaxOptions {
  readonly size: number;
  readonly dim: number;
  /** Weight of KL(q || uniform). */
  readonly rateWeight: number;
  /** The lowest temperature. */
  readonly temperature: number;
  /** Steps over which the temperature falls from 1 by a factor of e. */
  readonly annealing: number;
}

/**
 * Straight-through Gumbel-softmax (Jang, Gu & Poole 2016, arXiv:1611.01144, section 2): while training a symbol is sampled from q(k|z) = softmax(z A + a),
 *
 *   y = softmax((logits + g) / tau),  g ~ Gumbel(0, 1),   k = argmax y,   vector e_k with the derivative of sum_j y_j e_j
 *   tau = max(lowest, exp(-step / annealing)),   loss = rateWeight KL(q(k|z) || uniform)
 *
 * and outside of it k is the most likely one. Entries and logits are learned by the gradient of the reconstruction.
 */
export class GumbelSoftmax implements Quantizer {
  readonly dim: number;
  readonly size: number;
  readonly depth = 1;
  readonly logits: Linear;
  /** e, [size, dim]. */
  readonly entries: Variable;
  readonly #options: GumbelSoftmaxOptions;

  constructor(options: GumbelSoftmaxOptions) {
    const { size, dim } = options;
    [this.size, this.dim, this.#options] = [size, dim, options];
    this.logits = new Linear(dim, size);
    this.entries = new Variable([size, dim], { kind: "normal", mean: 0, std: 1 });
  }

  quantize(z: Tensor, context: Context, step: Tensor = constant(Infinity)): Quantized {
    const { rateWeight, temperature, annealing } = this.#options;
    const logits = this.logits.apply(z);
    const logQ = logSoftmax(logits, 1);
    const rate = sum(exp(logQ).mul(logQ), 1).add(Math.log(this.size));
    const loss = rate.mul(rateWeight);
    if (!context.training) {
      const symbols = asColumn(argmax(logits, 1));
      return { symbols, vectors: this.vectorsOf(symbols), loss };
    }
    const tau = maximum(exp(step.div(-annealing)), temperature);
    const y = new RelaxedCategorical(logits, tau).rsample();
    const chosen = argmax(y, 1);
    return {
      symbols: asColumn(chosen),
      vectors: straightThrough(oneHot(chosen, this.size), y).matmul(this.entries),
      loss,
    };
  }

  vectorsOf(symbols: Tensor): Tensor {
    return gather(this.entries, asRow(symbols), 0);
  }
}
