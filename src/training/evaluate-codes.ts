import type { Distribution } from "../distributions/distribution.ts";
import { Independent } from "../distributions/independent.ts";
import { kl } from "../distributions/kl.ts";
import { Normal } from "../distributions/normal.ts";
import type { DrawnCodes } from "../metrics/rate-parts.ts";
import { overSplit, type OverSplitOptions } from "./over-split.ts";

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

const isGaussian = (d: Distribution | undefined): d is Independent<Normal> =>
  d instanceof Independent && d.base instanceof Normal;
