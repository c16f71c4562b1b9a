import { DataError } from "../errors.ts";
import type { ImageGrid } from "../pictures/image-grid.ts";
import type { Raster } from "../pictures/raster.ts";
import { codes } from "./codes.ts";
import { image } from "./image.ts";
import type { GridOptions, Kind } from "./kind.ts";
import { points } from "./points.ts";
import { table } from "./table.ts";
import { vector } from "./vector.ts";

/** Every kind of example. */
export const kinds: readonly Kind[] = [image, points, table, vector, codes];

/** The kind of a name; vectors for one that is not known here. */
export const kindOf = (name: string): Kind => kinds.find((kind) => kind.name === name) ?? vector;

/** Rasterizes an image grid as its kind does. Throws DataError where examples of that kind have no picture. */
export function gridRaster(grid: ImageGrid, options: GridOptions = {}): Raster {
  const { picture, files } = kindOf(grid.kind);
  if (picture) return picture.raster(grid, options);
  throw new DataError(
    `picture: examples are no images, got ${grid.kind} of shape [${grid.shape.join(", ")}], expected images or points; --out FILE${files[0]} writes them`,
  );
}
