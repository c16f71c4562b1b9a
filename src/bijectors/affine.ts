import type { Tensor } from "../graph/tensor.ts";
import { constant } from "../graph/tensor.ts";
import type { Bijector, Mapped } from "./bijector.ts";

/** The same affine map of every value, with nothing learned in it: z = (x - shift) scale, log |det dz/dx| = D log |scale| of D values. */
export class Affine implements Bijector {
  readonly shift: number;
  readonly scale: number;

  constructor({ shift = 0, scale = 1 }: { readonly shift?: number; readonly scale?: number }) {
    this.shift = shift;
    this.scale = scale;
  }

  toLatent(x: Tensor): Mapped {
    const batch = x.shape[0]!;
    const logDet = (x.size / batch) * Math.log(Math.abs(this.scale));
    return { z: x.sub(this.shift).mul(this.scale), logDet: constant(logDet, [], x.dtype).broadcastTo([batch]) };
  }

  toData(z: Tensor): Tensor {
    return z.div(this.scale).add(this.shift);
  }
}
