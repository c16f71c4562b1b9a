import type { Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";
import { type Bijector, type Mapped, unchangedVolume } from "./bijector.ts";

/** One bijector after another, from the data to the latents: their log-determinants add up. */
export class Chain implements Bijector {
  readonly bijectors: readonly Bijector[];

  constructor(bijectors: readonly Bijector[]) {
    this.bijectors = bijectors;
  }

  toLatent(x: Tensor, context: Context, given?: Tensor): Mapped {
    return this.bijectors.reduce(
      (before, bijector) => {
        const { z, logDet } = bijector.toLatent(before.z, context, given);
        return { z, logDet: before.logDet.add(logDet) };
      },
      { z: x, logDet: unchangedVolume(x) },
    );
  }

  toData(z: Tensor, context: Context, given?: Tensor): Tensor {
    return this.bijectors.reduceRight((h, bijector) => bijector.toData(h, context, given), z);
  }
}
