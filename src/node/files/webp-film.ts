import { ConfigError } from "../../errors.ts";
import { frameForm, type Raster } from "../../pictures/raster.ts";

/**
 * The bytes of an animated WebP that runs for ever, without loss. A frame's time is kept to a thousandth of a second; the last one stays for
 * `restMs` longer. Throws
 * ShapeError where there is no frame, or frames differ in size; ConfigError where the package sharp is not installed.
 */
export async function encodeWebp(frames: readonly Raster[], { frameMs = 50, restMs = 0 } = {}): Promise<Uint8Array> {
  const { width, height, channels } = frameForm("webp", frames);
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new ConfigError("webp: the package sharp writes it, got none, expected it; npm install sharp, or use .gif", {
      cause,
    });
  });
  // One frame below the other, as libvips has films.
  const film = Buffer.concat(frames.map(({ data }) => data));
  const raw = { width, height: height * frames.length, channels, pageHeight: height };
  return sharp(film, { raw, limitInputPixels: false })
    .webp({
      lossless: true,
      loop: 0,
      delay: frames.map((_, i) => Math.round(frameMs + (i === frames.length - 1 ? restMs : 0))),
    })
    .toBuffer();
}
