import { Independent } from "../distributions/independent.ts";
import { klIfClosed } from "../distributions/kl.ts";
import type { Tensor } from "../graph/tensor.ts";
import { takeMean } from "../models/latent.ts";
import type { Model } from "../models/model.ts";
import type { Context } from "../nn/context.ts";
import { codeOf } from "./capabilities.ts";

/**
 * KL(q(z_i|x) || p(z_i)) of each example, [batch, latentDim] in nats: the information of each latent dimension on it. Undefined
 * for a model whose rate has no such parts in closed form: without a posterior and a prior that factorize over dimensions.
 */
export function ratePerDimension(model: Model, x: Tensor, context: Context): Tensor | undefined {
  const code = codeOf(model);
  // Below another latent, the prior depends on that one.
  if (!code?.prior || !model.encode || code !== model.latents?.[0]) return undefined;
  const q = model.encode(x, context, takeMean)[code.name];
  const p = code.prior({}, x.shape[0]!, context);
  return q instanceof Independent && p instanceof Independent ? klIfClosed(q.base, p.base) : undefined;
}
