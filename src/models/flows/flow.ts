import { Delta } from "../../distributions/delta.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import type { Bijector } from "../../bijectors/bijector.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { mean } from "../../ops/reduction.ts";
import type { Conditioning } from "../conditioning.ts";
import type { Codes, Latent } from "../latent.ts";
import type { Batch, DataSpec, Model, Objective } from "../model.ts";
import type { AnySampler } from "../sampler.ts";

/** What a flow may have beside its bijector. */
export interface FlowParts {
  readonly condition?: Conditioning | undefined;
  /** In place of one pass through the inverse. */
  readonly sampler?: AnySampler | undefined;
}

/**
 * Normalizing flow (Rezende & Mohamed 2015, arXiv:1505.05770): examples are an invertible function of z ~ N(0, I), so that
 *
 *   log p(x) = log N(f(x); 0, I) + log |det df/dx|
 *
 * exactly, in nats per example. The models of this form differ in their list of bijectors alone.
 */
export class Flow implements Model {
  /** From examples [batch, ...shape] to codes [batch, size]. */
  readonly bijector: Bijector;
  readonly latents: readonly [Latent];

  readonly condition?: Conditioning;
  readonly sampler?: AnySampler;
  readonly unboundedDensity?: true;

  constructor(bijector: Bijector, { shape, range }: DataSpec, { condition, sampler }: FlowParts = {}) {
    this.bijector = bijector;
    if (condition) this.condition = condition;
    if (sampler) this.sampler = sampler;
    // Intensities get noise.
    if (range === null) this.unboundedDensity = true;
    const size = sizeOf(shape);
    this.latents = [
      {
        name: "z",
        shape: [size],
        dtype: "float32",
        prior: (_, count) => standardNormal([count, size]),
        standardNormal: true,
      },
    ];
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const nll = mean(this.logProb(x, contextOf("nll"))).neg();
    return [{ name: "nll", loss: nll, parameters: parameters(this), metrics: {} }];
  }

  logProb(x: Tensor, context: Context): Tensor {
    const { z, logDet } = this.bijector.toLatent(x, context);
    return standardNormal(z.shape).logProb(z).add(logDet);
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    return { nll: this.logProb(x, context).neg() };
  }

  encode(x: Tensor, context: Context): { readonly z: Distribution } {
    return { z: new Delta(this.bijector.toLatent(x, context).z) };
  }

  decode(codes: Codes, context: Context): Distribution {
    return new Delta(this.bijector.toData(codes["z"]!, context));
  }

  reconstruct(x: Tensor, context: Context): Tensor {
    return this.bijector.toData(this.bijector.toLatent(x, context).z, context);
  }
}

/** N(0, I) over the last axis. */
export const standardNormal = (shape: Shape): Distribution => independent(new Normal(constant(0).broadcastTo(shape), 1), 1);
