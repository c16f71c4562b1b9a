import { Independent } from "../distributions/independent.ts";
import { kl } from "../distributions/kl.ts";
import { UnsupportedOpError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";

/**
 * KL(q(z_i|x) || p(z_i)) of each example, [batch, latentDim] in nats: what each dimension of its code tells of it. Undefined
 * for a model whose posterior or prior does not factorize over dimensions, or that has none.
 */
export function ratesByDimension(model: Model, x: Tensor): Tensor | undefined {
  const q = model.encode?.(x);
  const p = model.latents?.prior?.(x.shape[0]!);
  return q instanceof Independent && p instanceof Independent ? kl(q.base, p.base) : undefined;
}

/** As `ratesByDimension`; throws UnsupportedOpError where the rate has no parts by dimension. */
export function ratePerDimension(model: Model, x: Tensor): Tensor {
  const rates = ratesByDimension(model, x);
  if (!rates)
    throw new UnsupportedOpError(
      "latent: the rate has no parts by dimension, got no posterior that is independent over dimensions, expected one",
    );
  return rates;
}
