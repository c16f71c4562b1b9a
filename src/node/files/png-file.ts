import { encodePng } from "../../pictures/png.ts";
import type { Raster } from "../../pictures/raster.ts";
import { writeFileAtomic } from "./atomic-write.ts";

/**
 * Writes a picture as PNG, whole or not at all. Throws ConfigError where the disk refuses.
 *
 * @example
 * const { values } = await digits({ size: 25 });
 * const images = Float32Array.from(values, (v) => v / 255);
 * await writePng("digits.png", grid(images, { count: 25, channels: 1, height: 28, width: 28 }));
 */
export async function writePng(path: string, raster: Raster): Promise<void> {
  await writeFileAtomic(path, [encodePng(raster)]);
}
