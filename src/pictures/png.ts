import { encode } from "fast-png";
import type { Raster } from "./raster.ts";

/** The bytes of a PNG file. */
export function encodePng({ width, height, channels, data }: Raster): Uint8Array {
  return encode({ width, height, channels, data, depth: 8 }, { zlib: { level: 9 } });
}
