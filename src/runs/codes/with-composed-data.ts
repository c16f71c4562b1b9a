import { isPairs, openPairs } from "../../data/examples/pairs.ts";
import { isCodes, openCodes } from "./codes-source.ts";
import type { Platform } from "../platform.ts";

/** A platform that opens data made of others too: `codes:RUN`, the codes of one of its runs, and `pairs:SOURCE,TARGET`. */
export function withComposedData(platform: Platform): Platform {
  const composed: Platform = {
    ...platform,
    openData: (spec, options = {}) => {
      if (isPairs(spec)) return openPairs(spec, options, composed.openData);
      return isCodes(spec) ? openCodes(spec, options, composed) : platform.openData(spec, options);
    },
  };
  return composed;
}
