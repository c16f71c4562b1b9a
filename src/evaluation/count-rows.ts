import { ConfigError } from "../errors.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";

/** Rows of `shape` in an array, [count, ...shape]. Throws ConfigError where the last one is cut off. */
export function countRows(where: string, name: string, values: ArrayLike<number>, shape: Shape, rows: string): number {
  const size = sizeOf(shape);
  if (values.length % size === 0) return values.length / size;
  throw new ConfigError(
    `${where}: ${name} is no whole number of ${rows}, got ${values.length} values, expected a multiple of ${size}: [${["count", ...shape].join(", ")}]`,
  );
}

/** Throws ConfigError unless so many examples can be made. */
export function checkCount(where: string, count: number): void {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new ConfigError(`${where}: not a count, got ${count}, expected a positive integer`);
}
