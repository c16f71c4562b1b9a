import { encodePng } from "../../pictures/png.ts";
import type { Raster } from "../../pictures/raster.ts";
import { writeFileAtomic } from "./atomic-write.ts";

/** Writes a picture as PNG, whole or not at all. Throws ConfigError where the disk refuses. */
export async function writePng(path: string, raster: Raster): Promise<void> {
  await writeFileAtomic(path, [encodePng(raster)]);
}
