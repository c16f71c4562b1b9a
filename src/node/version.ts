import { readFileSync } from "node:fs";

/** The version of this Latentkit. */
export const version: string = (
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { readonly version: string }
).version;
