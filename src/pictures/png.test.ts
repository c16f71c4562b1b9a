import { encode } from "fast-png";
import { expect, test } from "vitest";
import { interlacedPng } from "../../test/png-bomb.ts";
import { decodePng, encodePng } from "./png.ts";
import type { Raster } from "./raster.ts";

const raster = (channels: 1 | 3): Raster => ({
  width: 7,
  height: 5,
  channels,
  data: Uint8Array.from({ length: 35 * channels }, (_, i) => (i * 37) % 256),
});
const bytes = encodePng(raster(3));
/** With a byte changed, or cut off. */
const changed = (at: number, value: number): Uint8Array => bytes.map((byte, i) => (i === at ? value : byte));

test.each([1, 3] as const)("a picture of %i channels is read as it was written", async (channels) => {
  expect(await decodePng(encodePng(raster(channels)), "a.png")).toEqual(raster(channels));
});

test.each([
  ["another file", "another file", Uint8Array.of(1, 2, 3)],
  ["one that is cut off", "a part that is cut off", bytes.subarray(0, 60)],
  [
    "one of 16 bits",
    "another form of pixels",
    encode({ width: 2, height: 2, channels: 1, depth: 16, data: new Uint16Array(4) }),
  ],
  ["one with alpha", "another form of pixels", encode({ width: 2, height: 2, channels: 4, data: new Uint8Array(16) })],
  ["one of no pixels", "0 x 5 pixels", changed(19, 0)],
  ["one of too many pixels", "16777223 x 5 pixels", changed(16, 1)],
  ["fewer pixels than it says", "pixels that do not fit its size", changed(23, 6)],
  ["more pixels than it says", "pixels that do not fit its size", changed(23, 4)],
  ["pixels that cannot be unpacked", "pixels that do not fit its size", changed(41, 0)],
])("%s is refused", async (_, got, file) => {
  await expect(decodePng(file, "run/samples/epoch-1.png")).rejects.toThrow(
    `run/samples/epoch-1.png: not a picture of a run, got ${got}, expected a PNG file as Latentkit writes it`,
  );
});

test("a small file of very many pixels takes no memory for them", async () => {
  await expect(decodePng(await interlacedPng(4000), "bomb.png")).rejects.toThrow(
    /^bomb.png: not a picture of a run, got /,
  );
});
