/** Images laid out on one 8-bit raster, as papers show samples and reconstructions. */
import { ShapeError } from "../errors.ts";

/** 8-bit pixels, row-major, channels interleaved: 1 is gray, 3 is RGB. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Size and channels of animation frames. Throws ShapeError for no frames, or frames that differ in them. */
export function frameForm(where: string, frames: readonly Raster[]): Omit<Raster, "data"> {
  const [first] = frames;
  if (!first) throw new ShapeError(`${where}: no frames, got none, expected at least one`);
  const { width, height, channels } = first;
  for (const frame of frames)
    if (frame.width !== width || frame.height !== height || frame.channels !== channels)
      throw new ShapeError(
        `${where}: frames differ in size, got [${frame.channels}, ${frame.height}, ${frame.width}], expected [${channels}, ${height}, ${width}]`,
      );
  return { width, height, channels };
}

export interface GridOptions {
  /** Number of images; each is [channels, height, width] with values from 0 (black) to 1. */
  readonly count: number;
  readonly channels: 1 | 3;
  readonly height: number;
  readonly width: number;
  /** Images per row; the most nearly square layout by default. */
  readonly columns?: number;
  /** Pixels between and around images, before scaling. */
  readonly pad?: number;
  /** Brightness of padding and empty cells, 0 to 1. */
  readonly background?: number;
  /** Integer upscaling factor. */
  readonly scale?: number;
}

/**
 * An image grid of `images` [count, channels, height, width], row by row. Values outside [0, 1] are clamped, NaN is black.
 *
 * @example
 * const { values } = await digits({ size: 12 });
 * const images = Float32Array.from(values, (v) => v / 255);
 * const raster = grid(images, { count: 12, channels: 1, height: 28, width: 28, columns: 4 });
 * const png = encodePng(raster);
 */
export function grid(images: Float32Array, options: GridOptions): Raster {
  const columns = options.columns ?? Math.ceil(Math.sqrt(options.count));
  return layOut(split(images, options), { ...options, columns });
}

/**
 * An image grid of several sets of `count` images, with corresponding images below each other: a row of the first set, the same row of the
 * second set, and so on, then the next row of the first. For originals above reconstructions.
 */
export function alignedGrid(sets: readonly Float32Array[], options: GridOptions): Raster {
  const columns = options.columns ?? options.count;
  const images = sets.map((set) => split(set, options));
  const cells = [];
  for (let first = 0; first < options.count; first += columns) {
    for (const set of images) {
      for (let column = 0; column < columns; column++) cells.push(set[first + column]);
    }
  }
  return layOut(cells, { ...options, columns });
}

function split(images: Float32Array, { count, channels, height, width }: GridOptions): Float32Array[] {
  const size = channels * height * width;
  if (images.length !== count * size) {
    throw new ShapeError(
      `grid: number of values is wrong, got ${images.length}, expected ${count * size} for [${count}, ${channels}, ${height}, ${width}]`,
    );
  }
  return Array.from({ length: count }, (_, index) => images.subarray(index * size, (index + 1) * size));
}

/** `undefined` leaves a cell empty. */
function layOut(cells: readonly (Float32Array | undefined)[], options: GridOptions & { columns: number }): Raster {
  const { channels, height, width, columns, pad = 2, background = 0, scale = 1 } = options;
  const rows = Math.ceil(cells.length / columns);
  const raster = {
    width: scale * (columns * (width + pad) + pad),
    height: scale * (rows * (height + pad) + pad),
    channels,
  };
  const data = new Uint8Array(raster.width * raster.height * channels).fill(toByte(background));
  const rowBytes = raster.width * channels;
  cells.forEach((image, index) => {
    if (image === undefined) return;
    const left = scale * (pad + (index % columns) * (width + pad));
    const top = scale * (pad + Math.floor(index / columns) * (height + pad));
    for (let y = 0; y < height; y++) {
      const start = (top + scale * y) * rowBytes + left * channels;
      for (let x = 0; x < width * scale; x++) {
        for (let channel = 0; channel < channels; channel++) {
          const value = image[(channel * height + y) * width + Math.floor(x / scale)] ?? 0;
          data[start + x * channels + channel] = toByte(value);
        }
      }
      for (let repeat = 1; repeat < scale; repeat++) {
        data.copyWithin(start + repeat * rowBytes, start, start + width * scale * channels);
      }
    }
  });
  return { ...raster, data };
}

function toByte(value: number): number {
  // The comparison is false for NaN.
  return value > 0 ? Math.round(Math.min(1, value) * 255) : 0;
}
