import { constant, type Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { cast } from "../../../ops/comparison.ts";
import { round, straightThrough, tanh } from "../../../ops/elementwise.ts";
import { gather } from "../../../ops/indexing.ts";
import { sum } from "../../../ops/reduction.ts";
import { asColumn, asRow } from "./columns.ts";
import type { Quantized, Quantizer } from "./quantizer.ts";

/** Keeps the bound of an odd number of levels from reaching the next whole number. */
const MARGIN = 1e-3;

/**
 * Finite scalar quantization (Mentzer et al. 2023, arXiv:2309.15505, section 3.1 and appendix A.1): each dimension i is bounded and rounded to one of
 * L_i levels, so that the codebook is their grid and nothing of it is learned.
 *
 *   h_i = (L_i - 1)(1 - margin) / 2,   o_i = 1/2 for an even L_i, 0 for an odd one
 *   f(z_i) = h_i tanh(z_i + s_i) - o_i,   s_i = artanh(o_i / h_i), so that f(0) = 0
 *   level l_i = round(f(z_i)),  in the decoder's units l_i / floor(L_i / 2)
 *   symbol = sum_i (l_i + floor(L_i / 2)) L_1 ... L_(i-1)
 */
export class FiniteScalarQuantizer implements Quantizer {
  readonly dim: number;
  readonly size: number;
  readonly depth = 1;
  readonly #levels: readonly number[];
  /** Of a step in the symbol's number, by dimension. */
  readonly #strides: readonly number[];

  constructor(levels: readonly number[]) {
    this.#levels = levels;
    this.dim = levels.length;
    this.#strides = levels.map((_, i) => levels.slice(0, i).reduce((a, b) => a * b, 1));
    this.size = levels.reduce((a, b) => a * b, 1);
  }

  quantize(z: Tensor, context: Context): Quantized {
    const bounded = this.#bounded(z);
    const levels = round(bounded);
    const half = this.#row((levelCount) => Math.floor(levelCount / 2));
    const places = levels.add(half).mul(constant(this.#strides, [1, this.dim]));
    const passed = context.training ? straightThrough(levels, bounded) : levels;
    return { vectors: passed.div(half), symbols: asColumn(cast(sum(places, 1), "int64")) };
  }

  vectorsOf(symbols: Tensor): Tensor {
    return gather(constant(this.#grid(), [this.size, this.dim]), asRow(symbols), 0);
  }

  /** f. */
  #bounded(z: Tensor): Tensor {
    const half = (count: number): number => ((count - 1) * (1 - MARGIN)) / 2;
    const offset = (count: number): number => (count % 2 === 0 ? 0.5 : 0);
    const shift = this.#row((count) => Math.atanh(offset(count) / half(count)));
    return tanh(z.add(shift)).mul(this.#row(half)).sub(this.#row(offset));
  }

  #row(of: (levels: number) => number): Tensor {
    return constant(this.#levels.map(of), [1, this.dim]);
  }

  /** The vector of every symbol, one after the other. */
  #grid(): Float64Array {
    return Float64Array.from({ length: this.size * this.dim }, (_, at) => {
      const [symbol, i] = [Math.floor(at / this.dim), at % this.dim];
      const half = Math.floor(this.#levels[i]! / 2);
      return ((Math.floor(symbol / this.#strides[i]!) % this.#levels[i]!) - half) / half;
    });
  }
}
