import type { Column } from "../data/tables/column.ts";
import type { ImageGrid } from "../pictures/image-grid.ts";
import type { Raster } from "../pictures/raster.ts";

export interface GridOptions {
  /** Pixels a value. */
  readonly scale?: number;
  /** Pixels between images. */
  readonly pad?: number;
}

/** Endings of files that examples are written to: a picture, an array, a table. */
export type ExampleEnding = ".png" | ".npy" | ".csv";

/** A kind of example: how it is shown and written. A new kind is one file and one line of the registry. */
export interface Kind {
  /** As a DataSpec names it. */
  readonly name: string;
  /** Whether samples or means of p(x|z) are shown. */
  readonly shows: "means" | "samples";
  /** The form of a grid: tiles in rows, or one plot for each set; absent where they have no picture. */
  readonly picture?: {
    readonly form: "tiles" | "plot";
    raster(grid: ImageGrid, options?: GridOptions): Raster;
  };
  /** What examples are written to, the usual first. */
  readonly files: readonly [ExampleEnding, ...ExampleEnding[]];
  /** Examples [count, ...shape] as the fields of a table, in the order of its columns. */
  readonly rows?: (values: Float32Array, columns: readonly Column[]) => Iterable<readonly string[]>;
}
