import type { Platform } from "../platform.ts";
import { isCodes, openCodes } from "./codes-source.ts";

/** A platform that opens `codes:RUN` too: data that are the codes of one of its runs. */
export function withCodes(platform: Platform): Platform {
  const composed: Platform = {
    ...platform,
    openData: (spec, options = {}) =>
      isCodes(spec) ? openCodes(spec, options, composed) : platform.openData(spec, options),
  };
  return composed;
}
