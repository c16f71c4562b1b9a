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
    for (let i = 0; i < points.length; i += 2) {
      const column = Math.floor(((points[i]! - left) / extent) * side);
      const row = side - 1 - Math.floor(((points[i + 1]! - bottom) / extent) * side);
      // The comparisons are false for NaN.
      if (!(column >= 0 && column < side && row >= 0 && row < side)) continue;
      const at = (pad + row) * width + from + column;
      data[at] = Math.min(255, data[at]! + BRIGHTNESS);
    }
  });
  return { width, height, channels: 1, data };
}

function frame(data: Uint8Array, width: number, left: number, top: number, side: number): void {
  for (let i = 0; i < side; i++)
    for (const at of [
      top * width + left + i,
      (top + side - 1) * width + left + i,
      (top + i) * width + left,
      (top + i) * width + left + side - 1,
    ])
      data[at] = BORDER;
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
