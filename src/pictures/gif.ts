// Whoever compiles this file alone needs the declarations that the package lacks.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./gifenc.d.ts" />
import * as gifencModule from "gifenc";
import { frameForm, type Raster } from "./raster.ts";

// Node gives the CommonJS build as `default`, bundlers the names of the module build.
const gifenc =
  "quantize" in gifencModule ? (gifencModule as unknown as typeof gifencModule.default) : gifencModule.default;

/** Pixels that the colors of a whole film are chosen from. */
const palettePixels = 1 << 18;

/**
 * The bytes of an animated GIF that runs for ever. Grays stay as they are; of colors it has the 256 that fit all frames best. A
 * frame's time is kept to a hundredth of a second. Throws ShapeError where there is no frame, or frames differ in size.
 */
export function encodeGif(frames: readonly Raster[], { frameMs = 50 } = {}): Uint8Array<ArrayBuffer> {
  const { width, height, channels } = frameForm("gif", frames);
  const palette =
    channels === 1
      ? Array.from({ length: 256 }, (_, gray) => [gray, gray, gray] as const)
      : gifenc.quantize(somePixels(frames), 256);
  const gif = gifenc.GIFEncoder();
  frames.forEach((frame, i) => {
    const indices = channels === 1 ? frame.data : gifenc.applyPalette(rgba(frame), palette);
    gif.writeFrame(indices, width, height, { delay: frameMs, ...(i === 0 && { palette, repeat: 0 }) });
  });
  gif.finish();
  return gif.bytes();
}

function rgba({ data }: Raster): Uint8Array {
  const out = new Uint8Array((data.length / 3) * 4).fill(255);
  for (let i = 0, at = 0; i < data.length; i += 3, at += 4) out.set(data.subarray(i, i + 3), at);
  return out;
}

/** Pixels spread evenly over all frames, as RGBA. */
function somePixels(frames: readonly Raster[]): Uint8Array {
  const pixels = frames[0]!.width * frames[0]!.height;
  const stride = Math.ceil((pixels * frames.length) / palettePixels);
  const out = new Uint8Array(4 * Math.ceil((pixels * frames.length) / stride)).fill(255);
  for (let at = 0, pixel = 0; at < out.length; at += 4, pixel += stride) {
    const from = 3 * (pixel % pixels);
    out.set(frames[Math.floor(pixel / pixels)]!.data.subarray(from, from + 3), at);
  }
  return out;
}
