import { type Tensor, Variable } from "../graph/tensor.ts";
import { conv, type ConvOptions, convTranspose, type PerAxis, reshape } from "../ops/index.ts";
import { perAxis } from "../ops/window.ts";
import { convFans, convTransposeFans, glorotUniform, type Initialize, zeros } from "./initializers.ts";

export interface ConvLayerOptions extends ConvOptions {
  readonly weight?: Initialize;
  /** false for a layer without one. */
  readonly bias?: Initialize | false;
}

/** Convolution over as many axes as `kernel` has: [batch, in, ...size] -> [batch, out, ...]. */
export class Conv {
  /** [out, in / groups, ...kernel]. */
  readonly weight: Variable;
  /** [out]. */
  readonly bias?: Variable;
  readonly settings: ConvOptions;

  constructor(inChannels: number, outChannels: number, kernel: readonly number[], options: ConvLayerOptions = {}) {
    const { weight = glorotUniform, bias = zeros, ...settings } = options;
    const { groups = 1 } = settings;
    const shape = [outChannels, inChannels / groups, ...kernel];
    const fans = convFans(shape, groups);
    this.weight = new Variable(shape, weight(fans));
    if (bias) this.bias = new Variable([outChannels], bias(fans));
    this.settings = settings;
  }

  apply(x: Tensor): Tensor {
    return addPerChannel(conv(x, this.weight, this.settings), this.bias);
  }
}

export interface ConvTransposeLayerOptions extends ConvLayerOptions {
  /** Rows and columns added at the end, so that any size a strided convolution came from can be given back. */
  readonly outputPadding?: PerAxis;
}

/** Transposed convolution over as many axes as `kernel` has: [batch, in, ...size] -> [batch, out, ...]. */
export class ConvTranspose {
  /** [in, out / groups, ...kernel]. */
  readonly weight: Variable;
  /** [out]. */
  readonly bias?: Variable;
  readonly settings: ConvOptions & { readonly outputPadding?: PerAxis };

  constructor(
    inChannels: number,
    outChannels: number,
    kernel: readonly number[],
    options: ConvTransposeLayerOptions = {},
  ) {
    const { weight = glorotUniform, bias = zeros, ...settings } = options;
    const { groups = 1, stride = 1 } = settings;
    const shape = [inChannels, outChannels / groups, ...kernel];
    const fans = convTransposeFans(shape, perAxis("ConvTranspose", "stride", stride, kernel.length, 1), groups);
    this.weight = new Variable(shape, weight(fans));
    if (bias) this.bias = new Variable([outChannels], bias(fans));
    this.settings = settings;
  }

  apply(x: Tensor): Tensor {
    return addPerChannel(convTranspose(x, this.weight, this.settings), this.bias);
  }
}

/** y + bias, one number per channel. */
export const addPerChannel = (y: Tensor, bias: Tensor | undefined): Tensor => (bias ? y.add(perChannel(bias, y)) : y);

/** One number per channel, [channels], shaped to broadcast over x [batch, channels, ...]. */
export const perChannel = (v: Tensor, x: Tensor): Tensor => reshape(v, [v.size, ...x.shape.slice(2).map(() => 1)]);
