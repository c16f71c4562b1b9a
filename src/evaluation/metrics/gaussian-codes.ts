import type { DrawnCodes } from "../../metrics/codes/rate-parts.ts";
import { drawCodes, encodesGaussians } from "../gaussian-codes.ts";
import { type MeasureContext, oncePerContext } from "./metric.ts";

/** Why a run has no codes for `drawnCodes`. */
export const lackingGaussianCodes = ({ loaded: { trained } }: MeasureContext): string | undefined =>
  encodesGaussians(trained.abilities, trained.shape)
    ? undefined
    : "the model has no Gaussian q(z|x) and p(z) of independent dimensions";

/** q(z|x) of every example with one draw of z each. */
export const drawnCodes = oncePerContext(async ({ loaded, split, binarize, seed }): Promise<DrawnCodes> => {
  const { model, store } = loaded.trained;
  const codes = await drawCodes({ model, store, split, binarize, seed });
  if (!codes) throw new Error("drawnCodes: a model whose codes are not Gaussian");
  return codes;
});
