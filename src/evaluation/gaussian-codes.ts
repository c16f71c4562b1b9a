import type { Distribution } from "../distributions/distribution.ts";
import { Independent } from "../distributions/independent.ts";
import { kl } from "../distributions/kl.ts";
import { Normal } from "../distributions/normal.ts";
import type { Shape } from "../graph/shape.ts";
import { Input } from "../graph/tensor.ts";
import type { DrawnCodes } from "../metrics/codes/rate-parts.ts";
import type { Model } from "../models/model.ts";
import { overSplit, type OverSplitOptions } from "./map-split.ts";
import { chunk } from "./trained-model.ts";

/**
 * q(z|x) of every example of a split with one draw of z each: what measures of a latent space start from. Undefined for a
 * model whose codes are not one list of numbers with a Gaussian posterior and a Gaussian prior, both independent over dimensions.
 */
export async function drawCodes(options: OverSplitOptions): Promise<DrawnCodes | undefined> {
  const codes = await overSplit(options, (model, x) => {
    const q = model.encode?.(x);
    const p = model.latents?.prior?.(x.shape[0]!);
    if (!isGaussian(q) || !isGaussian(p) || q.shape.length !== 2) return undefined;
    const z = q.rsample();
    return {
      rate: kl(q, p),
      mean: q.base.mean.broadcastTo(q.shape),
      logVar: q.base.logVar.broadcastTo(q.shape),
      z,
      logPrior: p.base.logProb(z),
    };
  });
  return codes && { latentDim: codes.z.length / codes.rate.length, ...codes };
}

/**
 * Whether `drawCodes` draws those of a model, which if it learns from labels has been given one for each of `chunk` rows; `shape` is
 * that of an example.
 */
export function encodesGaussians(model: Model, shape: Shape): boolean {
  const q = model.encode?.(new Input("x", [chunk, ...shape]));
  return isGaussian(q) && isGaussian(model.latents?.prior?.(chunk)) && q.shape.length === 2;
}

const isGaussian = (d: Distribution | undefined): d is Independent<Normal> =>
  d instanceof Independent && d.base instanceof Normal;
