import type { Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";
import type { Bijector, Mapped } from "./bijector.ts";

/** One bijector after another, from the data to the latents: their log-determinants add up. */
export class Chain implements Bijector {
  readonly bijectors: readonly Bijector[];

  constructor(bijectors: readonly [Bijector, ...Bijector[]]) {
    this.bijectors = bijectors;
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    const [first, ...rest] = this.bijectors as [Bijector, ...Bijector[]];
    return rest.reduce(
      (before, bijector) => {
        const { z, logDet } = bijector.toLatent(before.z, context, given);
        return { z, logDet: before.logDet.add(logDet) };
      },
      first.toLatent(x, context, given),
    );
  }

  toData(z: Tensor, context: Context, given?: Tensor): Tensor {
    return this.bijectors.reduceRight((h, bijector) => bijector.toData(h, context, given), z);
  }
}
