import { classColors } from "./scatter-chart.ts";
import type { Raster } from "./raster.ts";

export interface ScatterOptions {
  /** Side of each panel in pixels. */
  readonly side?: number;
  /** Pixels between and around panels. */
  readonly pad?: number;
  /** Points [n, 2] that set the axis limits, by default the first set. */
  readonly scaleOf?: Float32Array;
}

/** Brightness of one point; points on the same pixel add up. */
const BRIGHTNESS = 110;
const BORDER = 48;
const FEW = 500;
/** Points of a class: a disc of so many pixels across. */
const DISC = 5;

/**
 * Scatter plots of sets of points [n, 2] as panels side by side, x to the right and y upwards, with the axis limits of the first set, or of `scaleOf`.
 * Points outside them, and points that are not finite, are left out.
 */
export function scatter(
  sets: readonly Float32Array[],
  { side = 320, pad = 4, scaleOf = sets[0] ?? new Float32Array() }: ScatterOptions = {},
): Raster {
  const { left, bottom, extent } = plotWindow(scaleOf);
  const width = sets.length * (side + pad) + pad;
  const height = side + 2 * pad;
  const data = new Uint8Array(width * height);
  sets.forEach((points, panel) => {
    const from = pad + panel * (side + pad);
    frame(data, width, from, pad, side);
    // Pixels around a point's own: few points would be hard to see.
    const reach = points.length / 2 <= FEW && side >= 10 * DISC ? 1 : 0;
    for (let i = 0; i < points.length; i += 2) {
      const column = Math.floor(((points[i]! - left) / extent) * side);
      const row = side - 1 - Math.floor(((points[i + 1]! - bottom) / extent) * side);
      // The comparisons are false for NaN.
      if (!(column >= 0 && column < side && row >= 0 && row < side)) continue;
      for (let y = Math.max(0, row - reach); y <= Math.min(side - 1, row + reach); y++)
        for (let x = Math.max(0, column - reach); x <= Math.min(side - 1, column + reach); x++) {
          const at = (pad + y) * width + from + x;
          data[at] = Math.min(255, data[at]! + BRIGHTNESS);
        }
    }
  });
  return { width, height, channels: 1, data };
}

const LIGHT = 200;

/**
 * Points [n, 2] in the colors of their classes, on white, with both axes from -reach to reach: x to the right and y upwards. Points
 * outside, and points that are not finite, are left out.
 */
export function classScatter(
  points: ArrayLike<number>,
  classes: ArrayLike<number>,
  { side, reach }: { readonly side: number; readonly reach: number },
): Raster {
  const data = new Uint8Array(3 * side * side).fill(255);
  frame(data, 3 * side, 0, 0, side, LIGHT, 3);
  const radius = DISC / 2;
  for (let i = 0; i < classes.length; i++) {
    const x = ((points[2 * i]! + reach) / (2 * reach)) * side;
    const y = ((reach - points[2 * i + 1]!) / (2 * reach)) * side;
    // The comparisons are false for NaN.
    if (!(x >= 0 && x < side && y >= 0 && y < side)) continue;
    const color = Number.parseInt(classColors[classes[i]! % classColors.length]!.slice(1), 16);
    for (let row = Math.max(0, Math.ceil(y - radius)); row < Math.min(side, y + radius); row++)
      for (let column = Math.max(0, Math.ceil(x - radius)); column < Math.min(side, x + radius); column++) {
        if ((row - y) ** 2 + (column - x) ** 2 > radius ** 2) continue;
        const at = 3 * (row * side + column);
        for (let channel = 0; channel < 3; channel++) data[at + channel] = (color >> (16 - 8 * channel)) & 255;
      }
  }
  return { width: side, height: side, channels: 3, data };
}

function frame(
  data: Uint8Array,
  width: number,
  left: number,
  top: number,
  side: number,
  level = BORDER,
  channels = 1,
): void {
  for (let i = 0; i < side; i++)
    for (const [row, column] of [
      [0, i],
      [side - 1, i],
      [i, 0],
      [i, side - 1],
    ] as const) {
      const at = (top + row) * width + channels * (left + column);
      data.fill(level, at, at + channels);
    }
}

/** A square of the plane. */
export interface PlotWindow {
  readonly left: number;
  readonly bottom: number;
  readonly extent: number;
}

/** The smallest square that contains all finite points, `margin` times as large: by a twentieth on each side. */
export function plotWindow(points: Float32Array, margin = 1.1): PlotWindow {
  const [low, high] = [
    [Infinity, Infinity],
    [-Infinity, -Infinity],
  ] as [[number, number], [number, number]];
  points.forEach((value, i) => {
    if (!Number.isFinite(value)) return;
    const axis = (i % 2) as 0 | 1;
    low[axis] = Math.min(low[axis], value);
    high[axis] = Math.max(high[axis], value);
  });
  const extent = Math.max(high[0] - low[0], high[1] - low[1]) * margin;
  if (!(extent > 0 && extent < Infinity)) return { left: -1, bottom: -1, extent: 2 };
  const start = (axis: 0 | 1): number => (low[axis] + high[axis] - extent) / 2;
  return { left: start(0), bottom: start(1), extent };
}
