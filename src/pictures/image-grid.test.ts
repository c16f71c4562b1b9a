import { describe, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { type ImageGrid, tiles, smallerImageGrid } from "./image-grid.ts";

/** An image grid of one-pixel images whose values are 0, 1/255, 2/255, ... */
const numbered = (count: number, columns: number, more: Partial<ImageGrid> = {}): ImageGrid => ({
  kind: "image",
  sets: [Float32Array.from({ length: count }, (_, i) => i / 255)],
  count,
  columns,
  shape: [1, 1, 1],
  ...more,
});
const places = ({ sets }: ImageGrid): number[] => Array.from(sets[0]!, (value) => Math.round(value * 255));

describe("a smaller image grid", () => {
  test("is the top left of a list", () => {
    const small = smallerImageGrid(numbered(12, 4), 2, 2);
    expect(places(small)).toEqual([0, 1, 4, 5]);
    expect([small.columns, small.count]).toEqual([2, 4]);
  });

  test("is as it was where it fits, also with a short last row", () => {
    expect(places(smallerImageGrid(numbered(10, 4), 100, 100))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("is every so many places of a map, corners kept", () => {
    expect(places(smallerImageGrid(numbered(25, 5, { map: true }), 3, 3))).toEqual([0, 2, 4, 10, 12, 14, 20, 22, 24]);
  });
});

describe("in pixels", () => {
  test.each([{ map: true }, {}])("tiles have gaps, those of a map too: %o", (form) => {
    expect(tiles(numbered(4, 2, form), { scale: 1, pad: 1 })).toMatchObject({ width: 5, height: 5 });
    expect([...tiles(numbered(4, 2, form), { scale: 1, pad: 0 }).data]).toEqual([0, 1, 2, 3]);
  });

  test.each([[[784]], [[2, 28, 28]], [[1, 2, 28, 28]]])("examples of shape [%s] are refused", (shape) => {
    expect(() => tiles(numbered(1, 1, { shape }))).toThrow(DataError);
  });
});
