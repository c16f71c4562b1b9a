import type { Tensor } from "../../graph/tensor.ts";
import { type ActivationName, activations, initializationFor } from "../../nn/activation.ts";
import type { Context } from "../../nn/context.ts";
import { Conv } from "../../nn/conv.ts";
import { Dropout } from "../../nn/dropout.ts";
import { zeros } from "../../nn/initializers.ts";
import { Linear } from "../../nn/linear.ts";
import { ResidualBlock } from "../../nn/residual.ts";
import { relu } from "../../ops/elementwise.ts";
import { concat, reshape } from "../../ops/movement.ts";
import type { BijectorNetwork } from "../bijector.ts";

export interface VectorNetworkOptions {
  readonly hiddenDims: readonly number[];
  readonly activation?: ActivationName;
  /** Dropout rate after each hidden layer. */
  readonly dropout?: number;
  /** Length of the vector that it is conditioned on; 0 for none. */
  readonly given?: number;
}

/** A fully connected network of a coupling of vectors, which sees what is given beside what is kept and gives zeros at first. */
export class VectorNetwork implements BijectorNetwork {
  readonly layers: readonly Linear[];
  readonly last: Linear;
  readonly #activation: ActivationName;
  readonly #dropout: Dropout;

  constructor(inDim: number, outDim: number, options: VectorNetworkOptions) {
    const { hiddenDims, activation = "relu", dropout = 0, given = 0 } = options;
    const widths = [inDim + given, ...hiddenDims];
    const weight = initializationFor(activation);
    this.layers = hiddenDims.map((width, i) => new Linear(widths[i]!, width, { weight }));
    this.last = new Linear(widths.at(-1)!, outDim, { weight: zeros });
    this.#activation = activation;
    this.#dropout = new Dropout(dropout);
  }

  apply(kept: Tensor, context: Context, given?: Tensor): Tensor {
    const seen = given ? concat([kept, given], 1) : kept;
    const activate = activations[this.#activation];
    return this.last.apply(
      this.layers.reduce((h, layer) => this.#dropout.apply(activate(layer.apply(h)), context), seen),
    );
  }
}

export interface ImageNetworkOptions {
  /** Channels of the hidden layers. */
  readonly width: number;
  /** Residual blocks of 1x1 convolutions. */
  readonly blocks: number;
  /** Length of the vector that it is conditioned on; 0 for none. */
  readonly given?: number;
  /** Or channels of the image that it is conditioned on. */
  readonly givenChannels?: number;
}

/**
 * A small residual network of images, without normalization, that gives zeros at first: 3x3, blocks of two 1x1, 3x3 (as in arXiv:1807.03039, where
 * the 1x1 is one). What is given as an image is seen beside
 * the input, what is given as a vector is added to each position of the first layer's output.
 */
export class ImageNetwork implements BijectorNetwork {
  readonly first: Conv;
  readonly given?: Linear;
  readonly blocks: readonly ResidualBlock[];
  readonly last: Conv;

  constructor(inChannels: number, outChannels: number, options: ImageNetworkOptions) {
    const { width, blocks, given = 0, givenChannels = 0 } = options;
    this.first = new Conv(inChannels + givenChannels, width, [3, 3], { padding: 1 });
    if (given > 0) this.given = new Linear(given, width, { bias: false });
    this.blocks = Array.from(
      { length: blocks },
      () => new ResidualBlock({ inChannels: width, outChannels: width, kernel: [1, 1], zeroLast: true }),
    );
    this.last = new Conv(width, outChannels, [3, 3], { padding: 1, weight: zeros });
  }

  apply(kept: Tensor, context: Context, given?: Tensor): Tensor {
    const seen = given && !this.given ? concat([kept, given], 1) : kept;
    const h = this.first.apply(seen);
    const started = given && this.given ? h.add(reshape(this.given.apply(given), [h.shape[0]!, -1, 1, 1])) : h;
    return this.last.apply(relu(this.blocks.reduce((t, block) => block.apply(t, context), started)));
  }
}
