import type { Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";

/** Vectors as a quantizer gives them back. */
export interface Quantized {
  /** [n, dim]: the vectors of the symbols, with a gradient into what was quantized while training. */
  readonly vectors: Tensor;
  /** int64 [n, depth]. */
  readonly symbols: Tensor;
  /** What training minimizes of each vector beside the reconstruction, [n]; absent where there is nothing. */
  readonly loss?: Tensor;
}

/** How vectors become symbols and symbols vectors: between an encoder that gives real numbers and a decoder that takes them. */
export interface Quantizer {
  /** Real numbers of a vector before and after. */
  readonly dim: number;
  /** How many values a symbol has. */
  readonly size: number;
  /** Symbols of a vector. */
  readonly depth: number;
  /**
   * Of vectors [n, dim]: outside of training a function of them, with nothing sampled or updated. `step` counts those of training from 1, for
   * schedules.
   */
  quantize(vectors: Tensor, context: Context, step?: Tensor): Quantized;
  /** The vectors of symbols [n, depth]: [n, dim]. */
  vectorsOf(symbols: Tensor): Tensor;
}
