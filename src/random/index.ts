/**
 * Random numbers keyed by (seed, path).
 *
 * @module latentkit/random
 */
export { fillNormal, fillUint32, fillUniform, PhiloxFiller } from "./fill.ts";
export { Stream, stream, streamKey } from "./streams.ts";
export type { StreamKey } from "./philox.ts";
