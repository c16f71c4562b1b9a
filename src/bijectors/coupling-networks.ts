import type { Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";
import { Conv } from "../nn/conv.ts";
import { zeros } from "../nn/initializers.ts";
import { Linear } from "../nn/linear.ts";
import { MLP } from "../nn/mlp.ts";
import { ResidualBlock } from "../nn/residual.ts";
import { relu } from "../ops/elementwise.ts";
import { concat, reshape } from "../ops/movement.ts";
import type { BijectorNetwork } from "./bijector.ts";

/** A network of vectors that sees what is given beside them, and gives zeros at first. */
export class VectorNetwork implements BijectorNetwork {
  readonly hidden: MLP;
  readonly last: Linear;

  /** `givenSize`: of the vector that it is conditioned on; 0 for none. */
  constructor(
    inDim: number,
    outDim: number,
    { hiddenDims, givenSize = 0 }: { readonly hiddenDims: readonly [number, ...number[]]; readonly givenSize?: number },
  ) {
    this.hidden = new MLP([inDim + givenSize, ...hiddenDims]);
    this.last = new Linear(hiddenDims.at(-1)!, outDim, { weight: zeros });
  }

  apply(kept: Tensor, _: Context, given?: Tensor): Tensor {
    return this.last.apply(relu(this.hidden.apply(given ? concat([kept, given], 1) : kept)));
  }
}

export interface ImageNetworkOptions {
  /** Channels of the hidden layers. */
  readonly width: number;
  /** Residual blocks. */
  readonly blocks: number;
  /** Of the convolutions of the blocks. */
  readonly kernel?: number;
  /** The vector that it is conditioned on; 0 for none. */
  readonly givenSize?: number;
  /** The image that it is conditioned on; 0 for none. */
  readonly givenChannels?: number;
}

/**
 * A small residual network of images, without normalization, that gives zeros at first: 3x3, blocks, 3x3. What is given as an image is seen beside
 * the input, what is given as a vector is added to each position of the first layer's output.
 */
export class ImageNetwork implements BijectorNetwork {
  readonly first: Conv;
  readonly given?: Linear;
  readonly blocks: readonly ResidualBlock[];
  readonly last: Conv;

  constructor(inChannels: number, outChannels: number, options: ImageNetworkOptions) {
    const { width, blocks, givenSize = 0, givenChannels = 0, kernel = 3 } = options;
    this.first = new Conv(inChannels + givenChannels, width, [3, 3], { padding: 1 });
    if (givenSize > 0) this.given = new Linear(givenSize, width, { bias: false });
    this.blocks = Array.from(
      { length: blocks },
      () => new ResidualBlock({ inChannels: width, outChannels: width, kernel: [kernel, kernel], zeroLast: true }),
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
