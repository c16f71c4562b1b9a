import type { Tensor } from "../graph/tensor.ts";
import { takeSamples } from "../models/latent.ts";
import { flatten } from "../ops/movement.ts";
import { requireCapabilities } from "./capabilities.ts";
import type { LatentCodes } from "./latent-codes.ts";
import { mapSplit, type SplitOptions } from "./map-split.ts";
import type { ModelOnDevice } from "./model-on-device.ts";

/**
 * The mean of each latent's posterior for every example of a split, [examples, values of the latent]. Where one latent's posterior
 * depends on another latent, it is given a sample of that one (arXiv:1509.00519, section 5). Throws UnsupportedOpError where the
 * model does not encode.
 */
export async function posteriorMeans(
  trained: ModelOnDevice,
  options: Omit<SplitOptions, "key" | "program"> & { readonly seed?: number },
): Promise<LatentCodes> {
  const { model } = trained;
  requireCapabilities(model, ["encode"]);
  return mapSplit(trained, { ...options, key: "posterior means" }, (x, context) => {
    const posteriors = Object.entries(model.encode!(x, context, takeSamples()));
    return Object.fromEntries(
      posteriors.map(([name, q]): [string, Tensor] => [name, flatten(q.mean.broadcastTo(q.shape))]),
    );
  });
}
