import type { Raster } from "./raster.ts";

/** Pixels between and around panels. */
const PAD = 12;

/**
 * Rasters of any sizes in rows and columns, on white: a column is as wide as its widest panel, a row as high as its highest. A cell
 * without one is empty.
 */
export function panels(rows: readonly (readonly (Raster | undefined)[])[]): Raster {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, k) => Math.max(0, ...rows.map((row) => row[k]?.width ?? 0)));
  const heights = rows.map((row) => Math.max(0, ...row.map((panel) => panel?.height ?? 0)));
  const starts = (sizes: readonly number[]): readonly number[] => {
    let at = PAD;
    return [at, ...sizes.map((size) => (at += size + PAD))];
  };
  const [left, top] = [starts(widths), starts(heights)];
  const [width, height] = [left.at(-1)!, top.at(-1)!];
  const data = new Uint8Array(3 * width * height).fill(255);
  rows.forEach((row, r) =>
    row.forEach((panel, k) => {
      if (!panel) return;
      for (let y = 0; y < panel.height; y++)
        for (let x = 0; x < panel.width; x++)
          for (let channel = 0; channel < 3; channel++) {
            const from = panel.channels * (y * panel.width + x) + (panel.channels === 3 ? channel : 0);
            data[3 * ((top[r]! + y) * width + left[k]! + x) + channel] = panel.data[from]!;
          }
    }),
  );
  return { width, height, channels: 3, data };
}
