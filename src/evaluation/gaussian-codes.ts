import { Independent } from "../distributions/independent.ts";
import { kl } from "../distributions/kl.ts";
import { Normal } from "../distributions/normal.ts";
import type { SampledCodes } from "../metrics/codes/rate-decomposition.ts";
import { takeMean } from "../models/latent.ts";
import { codeOf, requireCapabilities } from "./capabilities.ts";
import { mapSplit, type SplitOptions } from "./map-split.ts";
import type { ModelOnDevice } from "./model-on-device.ts";

/**
 * q(z|x) of every example of a split with one sample of z each, for metrics of a latent space. Throws UnsupportedOpError for a
 * model whose code is not one vector with a Gaussian posterior and the prior N(0, I).
 */
export async function gaussianCodes(
  trained: ModelOnDevice,
  options: Omit<SplitOptions, "key" | "program"> & { readonly seed?: number },
): Promise<SampledCodes> {
  const { model } = trained;
  requireCapabilities(model, ["gaussian"]);
  const { name, prior } = codeOf(model)!;
  const codes = await mapSplit(trained, { ...options, key: "gaussian codes" }, (x, context) => {
    const q = model.encode!(x, context, takeMean)[name];
    const p = prior!({}, x.shape[0]!, context);
    if (!(q instanceof Independent && q.base instanceof Normal))
      throw new Error(`latent ${name} is said to have a Gaussian posterior, got ${q?.name ?? "none"}`);
    const z = q.rsample();
    return {
      rate: kl(q, p),
      mean: q.base.mean.broadcastTo(q.shape),
      logVar: q.base.logVar.broadcastTo(q.shape),
      z,
      logPrior: (p as Independent).base.logProb(z),
    };
  });
  return { latentDim: codes.z.length / codes.rate.length, ...codes };
}
