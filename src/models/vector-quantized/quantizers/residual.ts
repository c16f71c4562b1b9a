import type { Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { stopGradient } from "../../../ops/elementwise.ts";
import { concat, split } from "../../../ops/movement.ts";
import { Codebook, type CodebookOptions } from "./codebook.ts";
import { passGradient } from "./passed-gradient.ts";
import type { Quantized, Quantizer } from "./quantizer.ts";

/**
 * Residual vector quantization (Zeghidour et al. 2021, arXiv:2107.03312, algorithm 1): each codebook quantizes what those before it left,
 *
 *   r_1 = z,   e_i = nearest entry of codebook i to r_i,   r_(i+1) = r_i - sg[e_i],   quantized: e_1 + ... + e_depth
 *
 * and each has its own loss, of its own residual. The gradient of the sum is passed to z as a whole.
 */
export class ResidualQuantizer implements Quantizer {
  readonly dim: number;
  readonly size: number;
  readonly depth: number;
  readonly codebooks: readonly Codebook[];
  readonly #options: CodebookOptions;

  constructor(options: CodebookOptions, depth: number) {
    [this.dim, this.size, this.depth, this.#options] = [options.dim, options.size, depth, options];
    this.codebooks = Array.from({ length: depth }, () => new Codebook(options));
  }

  quantize(z: Tensor, context: Context): Quantized {
    let rest = z;
    const parts = this.codebooks.map((codebook) => {
      const part = codebook.quantize(rest, context);
      rest = rest.sub(stopGradient(part.vectors));
      return part;
    });
    const vectors = parts.map((part) => part.vectors).reduce((a, b) => a.add(b));
    return {
      vectors: context.training ? passGradient(this.#options.gradient, stopGradient(vectors), z) : vectors,
      symbols: concat(
        parts.map(({ symbols }) => symbols),
        1,
      ),
      loss: parts.map(({ loss }) => loss!).reduce((a, b) => a.add(b)),
    };
  }

  vectorsOf(symbols: Tensor): Tensor {
    const columns = split(symbols, 1, this.depth);
    return this.codebooks.map((codebook, i) => codebook.vectorsOf(columns[i]!)).reduce((a, b) => a.add(b));
  }
}
