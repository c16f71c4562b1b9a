import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { Raster } from "./raster.ts";
import { terminalPicture } from "./terminal.ts";

const gray = (rows: number[][]): Raster => ({
  width: rows[0]?.length ?? 0,
  height: rows.length,
  channels: 1,
  data: Uint8Array.from(rows.flat()),
});
const escape = "\u001b";

describe("a picture that fits", () => {
  test("puts two rows on a line, colors only where they change", () => {
    const raster = gray([
      [0, 0, 255],
      [9, 9, 9],
    ]);
    expect(terminalPicture(raster, { columns: 80, colors: "truecolor" })).toBe(
      `${escape}[38;2;0;0;0m${escape}[48;2;9;9;9m▀▀${escape}[38;2;255;255;255m▀${escape}[0m`,
    );
  });

  test("leaves the place below an odd last row alone", () => {
    const text = terminalPicture(gray([[0], [0], [255]]), { columns: 80, colors: "truecolor" });
    expect(text.split("\n")[1]).toBe(`${escape}[38;2;255;255;255m▀${escape}[0m`);
  });

  // Entries of the xterm palette: 16 black, 231 white, 196 pure red, 244 the gray 128.
  test.each<[Uint8Array, number]>([
    [Uint8Array.of(0, 0, 0), 16],
    [Uint8Array.of(255, 255, 255), 231],
    [Uint8Array.of(250, 3, 3), 196],
    [Uint8Array.of(128, 128, 128), 244],
    [Uint8Array.of(95, 135, 175), 67],
  ])("takes the nearest of 256 colors to %s", (data, index) => {
    const text = terminalPicture({ width: 1, height: 1, channels: 3, data }, { columns: 80, colors: "256" });
    expect(text).toBe(`${escape}[38;5;${index}m▀${escape}[0m`);
  });

  test("uses no escape sequences in plain text, brighter pixels as denser characters", () => {
    const raster = gray([
      [0, 0, 255, 0],
      [0, 180, 255, 0],
    ]);
    expect(terminalPicture(raster, { columns: 80, colors: "ascii" })).toBe(" -@");
  });
});

describe("a picture too wide", () => {
  test("is averaged by area, keeping its mean brightness and its proportions", () => {
    const raster = gray(Array.from({ length: 6 }, () => [255, 0, 0, 255, 0, 255]));
    const text = terminalPicture(raster, { columns: 4, colors: "truecolor" });
    // Each of the 4 new pixels covers 1.5 old ones: 255 (1 of 1.5), 255 (0.5 of 1.5) twice over, and so on.
    const brightness = [...text.matchAll(/38;2;(\d+)/g)].map(([, value]) => Number(value));
    expect(brightness.slice(0, 4)).toEqual([170, 0, 170, 170]);
    expect(
      stripVTControlCharacters(text)
        .split("\n")
        .map((line) => line.length),
    ).toEqual([4, 4]);
  });

  test.each([1, 2, 39, 80, 1000])("never exceeds %i columns", (columns) => {
    const raster = gray(Array.from({ length: 50 }, () => Array.from({ length: 200 }, () => 128)));
    for (const colors of ["truecolor", "256", "ascii"] as const) {
      for (const line of stripVTControlCharacters(terminalPicture(raster, { columns, colors })).split("\n")) {
        expect(line.length).toBe(Math.min(columns, 200));
      }
    }
  });
});
