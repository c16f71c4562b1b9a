// gifenc has no type declarations; whoever compiles this file alone needs these.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./gifenc.d.ts" />
import * as gifencModule from "gifenc";
import { frameForm, type Raster } from "./raster.ts";

// Node provides the CommonJS build as `default`, bundlers the names of the module build.
const gifenc =
  "quantize" in gifencModule ? (gifencModule as unknown as typeof gifencModule.default) : gifencModule.default;

/** Number of pixels sampled from all frames to choose the palette. */
const palettePixels = 1 << 18;

/**
 * The bytes of an animated GIF that loops forever. Grays are exact; colors are quantized to a palette of 256 for all frames. The frame time has
 * a resolution of 1/100 s; the last frame stays for `restMs` longer. Throws ShapeError for no frames, or frames of different sizes.
 *
 * @example
 * const frame = (v: number) => grid(new Float32Array(64).fill(v), { count: 1, channels: 1, height: 8, width: 8 });
 * const gif = encodeGif([frame(0), frame(1)], { frameMs: 500 });
 */
export function encodeGif(frames: readonly Raster[], { frameMs = 50, restMs = 0 } = {}): Uint8Array<ArrayBuffer> {
  const { width, height, channels } = frameForm("gif", frames);
  const palette =
    channels === 1
      ? Array.from({ length: 256 }, (_, gray) => [gray, gray, gray] as const)
      : gifenc.quantize(somePixels(frames), 256);
  const gif = gifenc.GIFEncoder();
  frames.forEach((frame, i) => {
    const indices = channels === 1 ? frame.data : gifenc.applyPalette(rgba(frame), palette);
    gif.writeFrame(indices, width, height, {
      delay: frameMs + (i === frames.length - 1 ? restMs : 0),
      ...(i === 0 && { palette, repeat: 0 }),
    });
  });
  gif.finish();
  return gif.bytes();
}

function rgba({ data }: Raster): Uint8Array {
  const out = new Uint8Array((data.length / 3) * 4).fill(255);
  for (let i = 0, at = 0; i < data.length; i += 3, at += 4) out.set(data.subarray(i, i + 3), at);
  return out;
}

/** Evenly spaced pixels of all frames, as RGBA. */
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
