import { ConfigError } from "../errors.ts";
import { constant, type Tensor, Variable } from "../graph/tensor.ts";
import { conv, slice } from "../ops/index.ts";
import { addPerChannel, type ConvLayerOptions } from "./conv.ts";
import { convFans, glorotUniform, zeros } from "./initializers.ts";

export interface MaskedConvOptions extends Pick<ConvLayerOptions, "weight" | "bias"> {
  /** "A" does not see the pixel itself, as a first layer must; "B" does. */
  readonly mask: "A" | "B";
}

/**
 * Convolution [n, in, h, w] -> [n, out, h, w] whose output at a pixel sees only pixels before it in raster order: rows above, and the left of its own row
 * (PixelCNN, arXiv:1601.06759, section 3.4). Rows of the kernel that are masked as a whole are not computed.
 */
export class MaskedConv {
  /** [out, in, kernel, kernel]; masked entries are never read. */
  readonly weight: Variable;
  /** [out]. */
  readonly bias?: Variable;
  readonly mask: "A" | "B";

  /** `kernel` is odd. */
  constructor(inChannels: number, outChannels: number, kernel: number, options: MaskedConvOptions) {
    if (!Number.isInteger(kernel) || kernel < 1 || kernel % 2 === 0)
      throw new ConfigError(`MaskedConv: got a kernel of ${kernel}, expected a positive odd number`);
    const { mask, weight = glorotUniform, bias = zeros } = options;
    const shape = [outChannels, inChannels, kernel, kernel];
    const fans = convFans(shape, 1);
    this.weight = new Variable(shape, weight(fans));
    if (bias) this.bias = new Variable([outChannels], bias(fans));
    this.mask = mask;
  }

  apply(x: Tensor): Tensor {
    const kernel = this.weight.shape[2]!;
    const half = (kernel - 1) / 2;
    const last = half - (this.mask === "A" ? 1 : 0);
    const seen = Array.from({ length: (half + 1) * kernel }, (_, i) => Number(i <= half * kernel + last));
    const filter = slice(this.weight, 2, 0, half + 1).mul(constant(seen, [1, 1, half + 1, kernel]));
    return addPerChannel(conv(x, filter, { padding: { before: half, after: [0, half] } }), this.bias);
  }
}
