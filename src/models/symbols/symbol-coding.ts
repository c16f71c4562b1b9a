import { ConfigError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { cast } from "../../ops/comparison.ts";
import { floor, round } from "../../ops/elementwise.ts";
import { oneHot } from "../../ops/indexing.ts";
import { concat, reshape, slice, transpose } from "../../ops/movement.ts";
import { argmax, max, sum } from "../../ops/reduction.ts";
import type { ColumnSpec, DataSpec } from "../model.ts";

/** Positions: the scores of attention are a matrix of them. */
export const mostPositions = 1024;
/** Symbols: each has a vector, and a logit at every position. */
export const mostSymbols = 8192;

/** Examples as sequences of symbols, whole numbers from 0, and back. */
export interface SymbolCoding {
  readonly length: number;
  /** How many symbols there are, at the position with the most. */
  readonly symbols: number;
  /** How many of them each position has, where they differ. */
  readonly counts?: readonly number[];
  /** How many levels intensities are rounded to, where they are. */
  readonly levels?: number;
  /** [batch, ...shape] -> int64 [batch, length]. */
  toSymbols(x: Tensor): Tensor;
  /** int64 [batch, length] -> [batch, ...shape]. */
  toExamples(symbols: Tensor): Tensor;
  /** Of a mask [batch, ...shape], 1 at positions with a value where it is: [batch, length]. */
  covered(mask: Tensor): Tensor;
}

export interface SymbolCodingConfig {
  readonly levels: number;
  readonly patch: number;
}

/**
 * How a model reads data as symbols: those of codes are as they are, in raster order; the categories of a table's columns, one a position; and
 * intensities from 0 to 1 rounded to `levels`, where a square of `patch` pixels is one symbol of levels^(patch^2 channels). Throws ConfigError
 * for real numbers, and for sequences or symbols that are too many, by the model's name.
 */
export function symbolCoding(where: string, config: SymbolCodingConfig, data: DataSpec): SymbolCoding {
  const coding = codingOf(where, config, data);
  const { length, symbols } = coding;
  const pixels = data.kind === "image" && data.range !== null;
  if (length > mostPositions)
    throw new ConfigError(
      `${where}: sequences are too long, got ${length} positions of examples of shape [${data.shape.join(", ")}], expected at most ${mostPositions}${pixels ? ": a larger patch, or a model of images" : ""}`,
    );
  if (symbols > mostSymbols)
    throw new ConfigError(
      `${where}: too many symbols, got ${symbols}${pixels ? ` of ${config.levels} levels and patch ${config.patch}` : ""}, expected at most ${mostSymbols}${pixels ? ": fewer levels, or a smaller patch" : ""}`,
    );
  return coding;
}

function codingOf(where: string, { levels, patch }: SymbolCodingConfig, data: DataSpec): SymbolCoding {
  const { symbols, columns, range, shape, kind } = data;
  if (patch > 1 && (symbols !== undefined || columns || range === null || kind !== "image"))
    throw new ConfigError(`${where}: patch is of images, got ${patch} for ${kind}, expected 1`);
  if (symbols !== undefined) return values(shape, symbols);
  if (columns) return categories(where, columns);
  if (range === null)
    throw new ConfigError(
      `${where}: it is a model of symbols, got ${kind} of real numbers, expected codes of a run with a codebook, such as --data codes:RUN of a vq-vae, binary data, intensities, or a table of categories`,
    );
  return patch === 1 ? intensities(shape, levels) : patches(where, { shape, levels, patch });
}

/** Symbols in raster order. */
const values = (shape: readonly number[], symbols: number): SymbolCoding => ({
  length: sizeOf(shape),
  symbols,
  toSymbols: (x) => reshape(cast(x, "int64"), [x.shape[0]!, -1]),
  toExamples: (s) => reshape(cast(s, "float32"), [s.shape[0]!, ...shape]),
  covered: (mask) => reshape(mask, [mask.shape[0]!, -1]),
});

/** Levels of intensities from 0 to 1. */
function intensities(shape: readonly number[], levels: number): SymbolCoding {
  const coding = values(shape, levels);
  return {
    ...coding,
    levels,
    toSymbols: (x) => coding.toSymbols(round(x.mul(levels - 1))),
    toExamples: (s) => coding.toExamples(s).div(levels - 1),
  };
}

/** Squares of pixels: sum_j level_j levels^j over channels, rows and columns of each. */
function patches(
  where: string,
  { shape, levels, patch: p }: { readonly shape: readonly number[]; readonly levels: number; readonly patch: number },
): SymbolCoding {
  const [channels, height, width] = shape as readonly [number, number, number];
  if (height % p !== 0 || width % p !== 0)
    throw new ConfigError(
      `${where}: patch does not divide the image, got ${p} for ${width}x${height}, expected a common divisor of both sides`,
    );
  const [rows, columns] = [height / p, width / p];
  const [length, digits] = [rows * columns, channels * p * p];
  const powers = constant(
    Array.from({ length: digits }, (_, j) => levels ** j),
    [digits],
  );
  const pixel = intensities(shape, levels);
  const inPatches = (x: Tensor): Tensor => {
    const batch = x.shape[0]!;
    const split = reshape(x, [batch, channels, rows, p, columns, p]);
    return reshape(transpose(split, [0, 2, 4, 1, 3, 5]), [batch, length, digits]);
  };
  return {
    length,
    symbols: levels ** digits,
    levels,
    toSymbols: (x) => cast(sum(inPatches(round(x.mul(levels - 1))).mul(powers), 2), "int64"),
    toExamples(s) {
      const batch = s.shape[0]!;
      // Whole numbers below 2^24 and their quotients by powers are exact enough in float32 that floor finds each digit.
      const shifted = floor(reshape(cast(s, "float32"), [batch, length, 1]).add(0.5).div(powers));
      const level = shifted.sub(floor(shifted.add(0.5).div(levels)).mul(levels));
      const split = reshape(level, [batch, rows, columns, channels, p, p]);
      const flat = reshape(transpose(split, [0, 3, 1, 4, 2, 5]), [batch, length * digits]);
      return pixel.toExamples(flat);
    },
    covered: (mask) => max(inPatches(mask), 2),
  };
}

/** One position for each column of a table. */
function categories(where: string, columns: readonly ColumnSpec[]): SymbolCoding {
  const counts = columns.map((column) => {
    if (column.kind === "category") return column.values.length;
    throw new ConfigError(
      `${where}: it is a model of categories, got column ${column.name} of numbers, expected a table of categories alone, or a model of tables such as vae`,
    );
  });
  const starts = counts.map((_, i) => counts.slice(0, i).reduce((a, b) => a + b, 0));
  const each = (x: Tensor, of: (part: Tensor) => Tensor): Tensor =>
    concat(
      counts.map((count, i) => of(slice(x, 1, starts[i]!, starts[i]! + count))),
      1,
    );
  const symbols = Math.max(...counts);
  return {
    length: counts.length,
    symbols,
    ...(counts.some((count) => count !== symbols) && { counts }),
    toSymbols: (x) => each(x, (part) => reshape(argmax(part, 1), [x.shape[0]!, 1])),
    toExamples: (s) =>
      concat(
        counts.map((count, i) => reshape(oneHot(slice(s, 1, i, i + 1), count), [s.shape[0]!, count])),
        1,
      ),
    covered: (mask) => each(mask, (part) => max(part, 1, true)),
  };
}
