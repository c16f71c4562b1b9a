import { expect, test } from "vitest";
import type { Raster } from "./raster.ts";
import { textHeight, textWidth, writeText } from "./letters.ts";

const written = (text: string, scale = 1): string[] => {
  const [width, height] = [textWidth(text, scale), textHeight(scale)];
  const raster: Raster = { width, height, channels: 1, data: new Uint8Array(width * height) };
  writeText(raster, text, { left: 0, top: 0, color: [1, 1, 1], scale });
  return Array.from({ length: height }, (_, y) =>
    [...raster.data.subarray(y * width, (y + 1) * width)].map((v) => (v ? "#" : ".")).join(""),
  );
};

test("letters in capitals, a column apart", () => {
  expect(written("h1")).toEqual([
    "#...#...#..",
    "#...#..##..",
    "#...#...#..",
    "#####...#..",
    "#...#...#..",
    "#...#...#..",
    "#...#..###.",
  ]);
});

test("twice as large, each pixel is four", () => {
  const [small, large] = [written("r"), written("R", 2)];
  expect(large.filter((_, y) => y % 2 === 0).map((row) => row.replaceAll(/(.)\1/g, "$1"))).toEqual(small);
  expect(large.filter((_, y) => y % 2 === 1)).toEqual(large.filter((_, y) => y % 2 === 0));
});

test("every letter and digit differs from the others, and none is blank but what there is no letter for", () => {
  const all = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,-+()=", (letter) => written(letter).join("\n"));
  expect(new Set(all).size).toBe(all.length);
  expect(all.every((picture) => picture.includes("#"))).toBe(true);
  expect(written("~").join("")).not.toContain("#");
});

test("what is outside the raster is left out", () => {
  const raster: Raster = { width: 4, height: 4, channels: 1, data: new Uint8Array(16) };
  writeText(raster, "HH", { left: -1, top: -2, color: [9] });
  expect([...raster.data.subarray(0, 4)]).toEqual([0, 0, 0, 9]);
});
