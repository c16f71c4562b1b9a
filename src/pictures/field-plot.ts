import { textHeight, textWidth, writeText } from "./letters.ts";
import type { Raster } from "./raster.ts";
import type { PlotWindow } from "./scatter.ts";

/** Numbers over a square of the plane, such as a discriminator's output. */
export interface PlaneField {
  /** [side, side] at the centers of cells, the row of the highest y first. */
  readonly values: Float32Array;
  readonly side: number;
  readonly area: PlotWindow;
  /** What it is, for the line above the plot. */
  readonly title: string;
}

/** The centers of the cells of a field, [cells cells, 2], in the order of its values. */
export function cellCenters({ left, bottom, extent }: PlotWindow, cells: number): Float32Array {
  const centers = new Float32Array(2 * cells * cells);
  for (let row = 0; row < cells; row++)
    for (let column = 0; column < cells; column++)
      centers.set(
        [left + ((column + 0.5) / cells) * extent, bottom + ((cells - row - 0.5) / cells) * extent],
        2 * (row * cells + column),
      );
  return centers;
}

const side = 320;
const pad = 8;
const scale = 2;
const line = textHeight(scale) + pad;
/** Steps of color: their edges are contour lines. */
const levels = 12;
/** From low over middle to high; pale, so that points stand out. */
const ramp = [
  [126, 140, 206],
  [244, 243, 238],
  [120, 190, 150],
] as const;
const paper = 255;
const ink = [40, 40, 44] as const;
/** Of a value that is not finite. */
const missing = [180, 180, 180] as const;
const sets = [
  { name: "real", color: [30, 34, 60], dot: 2 },
  { name: "generated", color: [226, 74, 24], dot: 2 },
] as const;
const usualNumber = textWidth("-0.123", scale);
/** How much of a point covers what is under it. */
const cover = 0.65;

/**
 * A field as filled contours with a color bar, and real and generated points [n, 2] over it, x to the right and y upwards in the field's area.
 * Points outside it, and points that are not finite, are left out; a value that is not finite is gray.
 */
export function fieldPlot(points: readonly Float32Array[], field: PlaneField): Raster {
  const width = side + 2 * pad;
  const top = pad + line;
  const height = top + side + pad + 2 * line;
  const raster: Raster = { width, height, channels: 3, data: new Uint8Array(width * height * 3) };
  raster.data.fill(paper);
  const finite = field.values.filter(Number.isFinite);
  const [low, high] = finite.reduce(
    ([least, most], v) => [Math.min(least, v), Math.max(most, v)],
    [Infinity, -Infinity],
  );
  const titleScale = textWidth(field.title, scale) <= side ? scale : 1;
  writeText(raster, field.title, { left: pad, top: pad, color: ink, scale: titleScale });
  const columns = placesIn(field.side);
  placesIn(field.side).forEach(([row, down], y) => {
    columns.forEach(([column, across], x) => {
      const corner = row * field.side + column;
      const at = (from: number): number => field.values[from]! * (1 - across) + field.values[from + 1]! * across;
      const value = at(corner) * (1 - down) + at(corner + field.side) * down;
      const fraction = high > low ? (value - low) / (high - low) : 0.5;
      const color = Number.isFinite(value) ? shades[Math.min(levels - 1, Math.floor(fraction * levels))]! : missing;
      raster.data.set(color, ((top + y) * width + pad + x) * 3);
    });
  });
  const { left, bottom, extent } = field.area;
  points.forEach((set, k) => {
    const { color, dot } = sets[k % sets.length]!;
    for (let i = 0; i < set.length; i += 2) {
      const x = Math.floor(((set[i]! - left) / extent) * side);
      const y = side - 1 - Math.floor(((set[i + 1]! - bottom) / extent) * side);
      for (let d = 0; d < dot * dot; d++) {
        const [px, py] = [x + (d % dot), y + Math.floor(d / dot)];
        // The comparisons are false for NaN.
        if (px >= 0 && px < side && py >= 0 && py < side) paint(raster, pad + px, top + py, color, cover);
      }
    }
  });
  if (finite.length > 0) colorBar(raster, top + side + pad, { low, high });
  legend(raster, top + side + pad + line, points.length);
  return raster;
}

/** Mixes a color into a pixel. */
function paint({ width, data }: Raster, x: number, y: number, color: readonly number[], opacity: number): void {
  const at = (y * width + x) * 3;
  for (let c = 0; c < 3; c++) data[at + c] = Math.round(data[at + c]! * (1 - opacity) + color[c]! * opacity);
}

/** The color of each level. */
const shades = Array.from({ length: levels }, (_, level) => {
  const place = (level / (levels - 1)) * (ramp.length - 1);
  const from = Math.min(ramp.length - 2, Math.floor(place));
  return ramp[from]!.map((v, c) => Math.round(v + (ramp[from + 1]![c]! - v) * (place - from)));
});

/** For each pixel along a side, the cell whose center lies before it, and how far it is to the next one's. */
const placesIn = (cells: number): readonly (readonly [cell: number, part: number])[] =>
  Array.from({ length: side }, (_, pixel) => {
    const place = Math.max(0, Math.min(cells - 1, ((pixel + 0.5) / side) * cells - 0.5));
    const cell = Math.min(cells - 2, Math.floor(place));
    return [cell, place - cell] as const;
  });

function colorBar(raster: Raster, top: number, { low, high }: { readonly low: number; readonly high: number }): void {
  const [from, to] = [short(low), short(high)];
  // Where numbers are short the bar stays in its place from frame to frame.
  const start = pad + Math.max(textWidth(from, scale), usualNumber) + pad;
  const end = pad + side - Math.max(textWidth(to, scale), usualNumber) - pad;
  writeText(raster, from, { left: pad, top, color: ink, scale });
  writeText(raster, to, { left: end + pad, top, color: ink, scale });
  for (let y = 0; y < textHeight(scale); y++)
    for (let x = start; x < end; x++)
      paint(raster, x, top + y, shades[Math.floor(((x - start) / (end - start)) * levels)]!, 1);
}

function legend(raster: Raster, top: number, count: number): void {
  let left = pad;
  for (const { name, color } of sets.slice(0, count)) {
    const size = textHeight(scale) - 4;
    for (let d = 0; d < size * size; d++) paint(raster, left + (d % size), top + 2 + Math.floor(d / size), color, 1);
    left += size + pad;
    writeText(raster, name, { left, top, color: ink, scale });
    left += textWidth(name, scale) + 3 * pad;
  }
}

const short = (value: number): string => String(Number(value.toPrecision(3))).replace("e+", "e");
