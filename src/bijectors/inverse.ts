import type { Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";
import type { Bijector, Mapped } from "./bijector.ts";

/** A bijector with its directions exchanged: of a masked autoregressive one, the inverse autoregressive flow (arXiv:1606.04934). */
export class Inverse<B extends Bijector = Bijector> implements Bijector {
  readonly bijector: B;

  constructor(bijector: B) {
    this.bijector = bijector;
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    const z = this.bijector.toData(x, context, given);
    return { z, logDet: this.bijector.toLatent(z, context, given).logDet.neg() };
  }

  toData(z: Tensor, context: Context, given?: Tensor): Tensor {
    return this.bijector.toLatent(z, context, given).z;
  }
}
