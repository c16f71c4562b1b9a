import { gaussianCodes } from "../gaussian-codes.ts";
import { oncePerContext } from "./metric.ts";

/** q(z|x) of every example with one sample of z each. */
export const sampledCodes = oncePerContext(async ({ loaded, split, binarize, seed }) =>
  gaussianCodes(loaded.trained, { split, binarize, seed }),
);
