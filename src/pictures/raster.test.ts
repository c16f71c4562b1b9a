import { decode } from "fast-png";
import { expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { encodePng } from "./png.ts";
import { alignedGrid, grid, type Raster } from "./raster.ts";

/** Rows of a gray raster. */
function rowsOf({ width, height, data }: Raster): number[][] {
  return Array.from({ length: height }, (_, y) => [...data.subarray(y * width, (y + 1) * width)]);
}

const tiny = { channels: 1, height: 1, width: 2, pad: 1 } as const;

test("places images row by row between padding and leaves the rest empty", () => {
  const images = new Float32Array([0, 0.2, 0.4, 0.6, 0.8, 1]);
  const raster = grid(images, { ...tiny, count: 3, columns: 2, background: 1 });
  expect(rowsOf(raster)).toEqual([
    [255, 255, 255, 255, 255, 255, 255],
    [255, 0, 51, 255, 102, 153, 255],
    [255, 255, 255, 255, 255, 255, 255],
    [255, 204, 255, 255, 255, 255, 255],
    [255, 255, 255, 255, 255, 255, 255],
  ]);
});

test("scales pixels to squares", () => {
  const raster = grid(new Float32Array([0, 1]), { ...tiny, count: 1, pad: 0, scale: 2 });
  expect(rowsOf(raster)).toEqual([
    [0, 0, 255, 255],
    [0, 0, 255, 255],
  ]);
});

test("clamps, and shows NaN as black", () => {
  const raster = grid(new Float32Array([-3, 7, NaN, Infinity]), { ...tiny, count: 2, columns: 1, pad: 0 });
  expect(rowsOf(raster)).toEqual([
    [0, 255],
    [0, 255],
  ]);
});

test("interleaves channels that arrive as planes", () => {
  const red = [1, 0];
  const green = [0, 1];
  const blue = [0.2, 0.4];
  const raster = grid(new Float32Array([...red, ...green, ...blue]), { ...tiny, channels: 3, count: 1, pad: 0 });
  expect([...raster.data]).toEqual([255, 0, 51, 0, 255, 102]);
});

test("takes the squarest layout by itself", () => {
  const { width, height } = grid(new Float32Array(10), { channels: 1, height: 1, width: 1, count: 10, pad: 0 });
  expect([width, height]).toEqual([4, 3]);
});

test("aligns each image with its counterparts below it", () => {
  const originals = new Float32Array([0, 0.2, 0.4]);
  const reconstructions = new Float32Array([1, 0.8, 0.6]);
  const options = { channels: 1, height: 1, width: 1, count: 3, pad: 0, background: 0 } as const;
  expect(rowsOf(alignedGrid([originals, reconstructions], { ...options, columns: 2 }))).toEqual([
    [0, 51],
    [255, 204],
    [102, 0],
    [153, 0],
  ]);
  expect(rowsOf(alignedGrid([originals, reconstructions], options))).toEqual([
    [0, 51, 102],
    [255, 204, 153],
  ]);
});

test("refuses a number of values that does not fit", () => {
  expect(() => grid(new Float32Array(7), { ...tiny, count: 3 })).toThrow(ShapeError);
  expect(() => grid(new Float32Array(7), { ...tiny, count: 3 })).toThrow("got 7, expected 6 for [3, 1, 1, 2]");
});

test.each([1, 3] as const)("a PNG of %i channels decodes to the same pixels", (channels) => {
  const images = Float32Array.from({ length: 4 * channels * 30 }, (_, index) => (index % 256) / 255);
  const raster = grid(images, { count: 4, channels, height: 5, width: 6, scale: 3 });
  const decoded = decode(encodePng(raster));
  expect(decoded).toMatchObject({ width: raster.width, height: raster.height, channels, depth: 8 });
  expect(Buffer.compare(Buffer.from(decoded.data as Uint8Array), raster.data)).toBe(0);
});
