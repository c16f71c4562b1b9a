import { expect, test } from "vitest";
import { panels } from "./panels.ts";
import type { Raster } from "./raster.ts";

const gray = (width: number, height: number, level: number): Raster => ({
  width,
  height,
  channels: 1,
  data: new Uint8Array(width * height).fill(level),
});
const red: Raster = { width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 255, 0, 0) };

test("rasters lie in rows and columns as large as the largest of each, gray as color, on white", () => {
  const { width, height, data } = panels([
    [gray(3, 2, 10), red],
    [undefined, gray(5, 4, 20)],
  ]);
  expect([width, height]).toEqual([12 + 3 + 12 + 5 + 12, 12 + 2 + 12 + 4 + 12]);
  const at = (x: number, y: number): number[] => [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
  expect(at(14, 13)).toEqual([10, 10, 10]);
  expect(at(15, 13)).toEqual([255, 255, 255]);
  expect(at(28, 12)).toEqual([255, 0, 0]);
  expect(at(28, 13)).toEqual([255, 255, 255]);
  expect(at(12, 26)).toEqual([255, 255, 255]);
  expect(at(31, 29)).toEqual([20, 20, 20]);
  expect(data.filter((v) => v === 20)).toHaveLength(3 * 20);
});
