import { constant, type Tensor } from "../../graph/tensor.ts";
import { Embedding } from "../../nn/embedding.ts";
import { cast } from "../../ops/comparison.ts";
import { round } from "../../ops/elementwise.ts";
import { concat, reshape, transpose } from "../../ops/movement.ts";

/** Values of pixels as networks see them. */
export interface PixelInput {
  /** Channels of each channel of a pixel, which come in their order. */
  readonly features: number;
  /** Of a pixel. */
  readonly channels: number;
  /** [n, c, h, w] -> [n, channels, h, w]. */
  apply(x: Tensor): Tensor;
}

/** 0 and 1 as -1 and 1, so that neither is what lies outside of the image. */
export const binaryInput = (channels: number): PixelInput => ({
  features: 1,
  channels,
  apply: (x) => x.mul(2).sub(1),
});

/** The nearest of `levels` from 0 to 1, as numbers from -1 to 1, and a 1 beside them that is 0 outside of the image (arXiv:1701.05517). */
export const levelInput = (channels: number, levels: number): PixelInput => ({
  features: 1,
  channels: channels + 1,
  apply: (x) => concat([nearestLevel(x, levels).mul(2).sub(1), constant(1).broadcastTo(x.shape.with(1, 1))], 1),
});

/** The nearest of so many levels from 0 to 1. */
export const nearestLevel = (x: Tensor, levels: number): Tensor => round(x.mul(levels - 1)).div(levels - 1);

/** Symbols 0, 1, .. as learned vectors, those of each channel by themselves. */
export class SymbolInput implements PixelInput {
  readonly embedding: Embedding;
  readonly features: number;
  readonly channels: number;
  readonly #symbols: number;

  constructor(channels: number, symbols: number, dim: number) {
    this.embedding = new Embedding(channels * symbols, dim);
    this.features = dim;
    this.channels = channels * dim;
    this.#symbols = symbols;
  }

  apply(x: Tensor): Tensor {
    const [n, channels, height, width] = x.shape as readonly [number, number, number, number];
    const first = constant(
      Array.from({ length: channels }, (_, i) => i * this.#symbols),
      [channels, 1, 1],
    );
    const vectors = transpose(this.embedding.apply(cast(x.add(first), "int64")), [0, 1, 4, 2, 3]);
    return reshape(vectors, [n, this.channels, height, width]);
  }
}
