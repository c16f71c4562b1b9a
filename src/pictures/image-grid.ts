/** Image grids before rasterization: rows of images, or several aligned sets of them. */
import { DataError } from "../errors.ts";
import type { PlaneField } from "./field-plot.ts";
import { alignedGrid, type Raster } from "./raster.ts";

export interface ImageGrid {
  /** The kind of example, which says how a grid of them is rasterized: see kinds/registry.ts. */
  readonly kind: string;
  /** Each [count, channels, height, width] with values from 0 to 1. */
  readonly sets: readonly Float32Array[];
  readonly count: number;
  readonly columns: number;
  /** Shape of one image: [channels, height, width]. */
  readonly shape: readonly number[];
  /** Whether position is meaningful, as in a latent-space map: subsampled, not cropped, where it does not fit. */
  readonly map?: boolean;
  /** Values that the axes of a plot are chosen by, in place of the sets': the same for all frames of a film. */
  readonly scaleOf?: Float32Array;
  /** A field of the plane under a plot of real and generated points, whose axes are its own. */
  readonly field?: PlaneField;
}

/** Whether examples of this shape are images. */
export const isImage = (shape: readonly number[]): shape is readonly [channels: 1 | 3, height: number, width: number] =>
  shape.length === 3 && (shape[0] === 1 || shape[0] === 3);

/** Pixels from which on tiles are no longer enlarged. */
const manyPixels = 2 ** 24;

/** Rasterizes images as tiles in rows, the sets aligned below each other. Throws DataError where they are neither gray nor of three channels. */
export function tiles({ sets, count, columns, shape }: ImageGrid, { scale = scaleOf(sets), pad = 2 } = {}): Raster {
  if (!isImage(shape))
    throw new DataError(
      `picture: images of this shape cannot be shown, got [${shape.join(", ")}], expected [1 or 3, height, width]; --out FILE.npy writes any`,
    );
  const [channels, height, width] = shape;
  return alignedGrid(sets, { channels, height, width, count, columns, pad, scale });
}

const scaleOf = (sets: ImageGrid["sets"]): number =>
  sets.reduce((pixels, { length }) => pixels + length, 0) > manyPixels ? 1 : 2;

/** An image grid of at most `columns` columns and `rows` rows (of each set): the top left part, or a subsampled map. */
export function smallerImageGrid(grid: ImageGrid, columns: number, rows: number): ImageGrid {
  const size = grid.shape.reduce((product, extent) => product * extent, 1);
  const across = Math.min(columns, grid.columns);
  const rowCount = Math.ceil(grid.count / grid.columns);
  const down = Math.min(rows, rowCount);
  const place = (i: number, of: number, outOf: number): number =>
    grid.map ? Math.round((i * (outOf - 1)) / Math.max(1, of - 1)) : i;
  const picked = Array.from({ length: down }, (_, row) =>
    Array.from(
      { length: across },
      (_, column) => place(row, down, rowCount) * grid.columns + place(column, across, grid.columns),
    ).filter((i) => i < grid.count),
  ).flat();
  const sets = grid.sets.map((set) => {
    const out = new Float32Array(picked.length * size);
    picked.forEach((from, to) => out.set(set.subarray(from * size, (from + 1) * size), to * size));
    return out;
  });
  return { ...grid, sets, count: picked.length, columns: across };
}
