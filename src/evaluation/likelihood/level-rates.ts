import type { Binarization } from "../../data/binarize.ts";
import type { Split } from "../../data/split.ts";
import type { Shape } from "../../graph/shape.ts";
import { requireCapabilities } from "../capabilities.ts";
import { mapSplit } from "../map-split.ts";
import type { ModelOnDevice } from "../model-on-device.ts";

/** What one latent of a hierarchy carries. */
export interface LevelRate {
  readonly name: string;
  readonly shape: Shape;
  /** Of each example, in nats. */
  readonly rates: Float32Array;
}

/** Rates of every latent over a split, top first, at one sample of the latents above. Throws UnsupportedOpError where the model has no ELBO. */
export async function levelRates(
  trained: ModelOnDevice,
  { split, binarize, seed = 0 }: { readonly split: Split; readonly binarize: Binarization; readonly seed?: number },
): Promise<readonly LevelRate[]> {
  const { model } = trained;
  requireCapabilities(model, ["elbo"]);
  const rates = await mapSplit(
    trained,
    { split, binarize, seed, key: "level rates", batchSize: 64 },
    (x, context) => model.elbo!(x, context).rates,
  );
  return (model.latents ?? []).flatMap(({ name, shape }) => (rates[name] ? [{ name, shape, rates: rates[name] }] : []));
}

/** The mean of a latent's rate over the examples. */
export const meanRate = ({ rates }: LevelRate): number => rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
