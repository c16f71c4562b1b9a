/** A raster as terminal text: two pixels per character cell, one above the other, as cells are about twice as high as wide. */
import type { Raster } from "./raster.ts";

/** Color support of a terminal. `ascii` uses no escape sequences. */
export type TerminalColors = "truecolor" | "256" | "ascii";

export interface TerminalPictureOptions {
  /** Terminal width in characters; wider images are downsampled to it. */
  readonly columns: number;
  readonly colors: TerminalColors;
}

type Rgb = readonly [number, number, number];

/** Lines of text without a final newline. */
export function terminalPicture(raster: Raster, { columns, colors }: TerminalPictureOptions): string {
  const width = Math.min(raster.width, Math.max(1, columns));
  const height = Math.max(1, Math.round((raster.height * width) / raster.width));
  const pixels = averaged(raster, width, height);
  const lines = [];
  for (let y = 0; y < height; y += 2) {
    const upper = pixels[y] ?? [];
    // An odd last row has nothing below.
    const lower = pixels[y + 1];
    lines.push(colors === "ascii" ? asciiLine(upper, lower) : colorLine(upper, lower, colors));
  }
  return lines.join("\n");
}

const ramp = " .:-=+*#%@";

function asciiLine(upper: readonly Rgb[], lower: readonly Rgb[] | undefined): string {
  const characters = upper.map((pixel, x) => {
    const brightness = (luminance(pixel) + luminance(lower?.[x] ?? pixel)) / 2;
    return ramp[Math.round((brightness / 255) * (ramp.length - 1))] ?? " ";
  });
  return characters.join("").trimEnd();
}

/** Upper half blocks: the foreground color is the upper pixel, the background color the lower one. */
function colorLine(upper: readonly Rgb[], lower: readonly Rgb[] | undefined, colors: "truecolor" | "256"): string {
  const code = colors === "truecolor" ? (rgb: Rgb) => `2;${rgb.join(";")}` : (rgb: Rgb) => `5;${nearestOf256(rgb)}`;
  let line = "";
  let foreground = "";
  let background = "";
  upper.forEach((pixel, x) => {
    const [above, below] = [code(pixel), lower?.[x] === undefined ? "" : code(lower[x])];
    if (above !== foreground) line += `\u001b[38;${above}m`;
    if (below !== background) line += `\u001b[48;${below}m`;
    [foreground, background] = [above, below];
    line += "▀";
  });
  return `${line}\u001b[0m`;
}

/** Rec. 709 luma. */
function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Index in the 256-color palette: 16 + a 6x6x6 cube with these levels, then 232 + 24 grays from 8 in steps of 10. */
function nearestOf256(rgb: Rgb): number {
  const levels = [0, 95, 135, 175, 215, 255];
  const nearestLevel = (value: number): number =>
    levels.reduce(
      (best, level, index) => (Math.abs(level - value) < Math.abs((levels[best] ?? 0) - value) ? index : best),
      0,
    );
  const [red, green, blue] = rgb.map(nearestLevel) as [number, number, number];
  const gray = Math.max(0, Math.min(23, Math.round((luminance(rgb) - 8) / 10)));
  const distance = (r: number, g: number, b: number): number =>
    (r - rgb[0]) ** 2 + (g - rgb[1]) ** 2 + (b - rgb[2]) ** 2;
  const cubeDistance = distance(levels[red] ?? 0, levels[green] ?? 0, levels[blue] ?? 0);
  const shade = 8 + 10 * gray;
  return distance(shade, shade, shade) < cubeDistance ? 232 + gray : 16 + 36 * red + 6 * green + blue;
}

/** Area resampling: each new pixel is the mean of the area it covers, [height][width] of RGB bytes. */
function averaged(raster: Raster, width: number, height: number): Rgb[][] {
  const { channels, data } = raster;
  const across = coverage(raster.width, width);
  const down = coverage(raster.height, height);
  return down.map((rows) =>
    across.map((columns) => {
      const sum = [0, 0, 0] as [number, number, number];
      for (const [y, rowWeight] of rows) {
        for (const [x, columnWeight] of columns) {
          for (let channel = 0; channel < 3; channel++) {
            const value = data[(y * raster.width + x) * channels + (channels === 3 ? channel : 0)] ?? 0;
            sum[channel]! += rowWeight * columnWeight * value;
          }
        }
      }
      return sum.map((value) => Math.round(value)) as unknown as Rgb; // map keeps the length of 3
    }),
  );
}

/** For each of `to` equal parts of a line of `from` pixels: the covered pixels, with weights that sum to 1. */
function coverage(from: number, to: number): (readonly [pixel: number, weight: number])[][] {
  const size = from / to;
  return Array.from({ length: to }, (_, part) => {
    const [start, end] = [part * size, (part + 1) * size];
    const covered = [];
    for (let pixel = Math.floor(start); pixel < Math.min(from, end); pixel++) {
      const overlap = Math.min(pixel + 1, end) - Math.max(pixel, start);
      if (overlap > 0) covered.push([pixel, overlap / size] as const);
    }
    return covered;
  });
}
