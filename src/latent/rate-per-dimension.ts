import { Independent } from "../distributions/independent.ts";
import { klIfClosed } from "../distributions/kl.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";

/**
 * KL(q(z_i|x) || p(z_i)) of each example, [batch, latentDim] in nats: what each dimension of its code tells of it. Undefined
 * for a model whose rate has no such parts in closed form: without a posterior and a prior that factorize over dimensions.
 */
export function ratePerDimension(model: Model, x: Tensor): Tensor | undefined {
  const q = model.encode?.(x);
  const p = model.latents?.prior?.(x.shape[0]!);
  return q instanceof Independent && p instanceof Independent ? klIfClosed(q.base, p.base) : undefined;
}
