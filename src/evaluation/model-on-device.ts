import { ConfigError } from "../errors.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import type { Variable } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";
import type { Program, ProgramSpec } from "../runtime/program.ts";
import type { VariableStore } from "../runtime/variables.ts";

/** Rows of a run of a graph. The i-th sample of a seed is the same for any number of samples. */
export const chunk = 64;

export interface Releasable {
  release(): Promise<void>;
}

/** A model with weights on a device, and the graphs that have been compiled for it. */
export interface ModelOnDevice {
  readonly model: Model;
  readonly store: VariableStore;
  /** Of one example. */
  readonly shape: Shape;
  /** Read in place of the parameters they average. */
  readonly emaWeights: ReadonlyMap<Variable, Variable>;
  /** Whether the weights no longer change. */
  readonly frozen: boolean;
  /** The value of this key, made at its first use. */
  kept<T extends Releasable>(key: string, make: () => T): T;
  /** A program over the model's variables, compiled at the first use of this key. */
  program(key: string, make: () => Omit<ProgramSpec, "emaWeights">): Program;
}

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
