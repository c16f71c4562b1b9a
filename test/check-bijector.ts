import { expect } from "vitest";
import { noiseValues } from "./noise-values.ts";
import { sines } from "./variable-values.ts";
import type { Bijector } from "../src/bijectors/bijector.ts";
import { evaluate } from "../src/graph/evaluate.ts";
import { grad } from "../src/graph/grad.ts";
import { type Shape, sizeOf } from "../src/graph/shape.ts";
import { Input, type Tensor } from "../src/graph/tensor.ts";
import { type Value, value } from "../src/graph/value.ts";
import { evaluation } from "../src/nn/context.ts";
import { parameters, variables } from "../src/nn/module.ts";
import { initialValue } from "../src/nn/initial-value.ts";
import { square } from "../src/ops/arithmetic.ts";
import { sum } from "../src/ops/reduction.ts";
import { compute } from "../src/runtime/compute.ts";
import { cpuDevice } from "../src/runtime/node.ts";

/** A bijector and examples to hold it against its contract with. */
export interface BijectorCase {
  readonly name: string;
  readonly bijector: Bijector;
  /** Of an example. */
  readonly shape: Shape;
  /** Scales of inputs: in its usual range and far outside; each value is the scale times one from -1 to 1. */
  readonly scales?: readonly number[];
  /** Or the interval that inputs are of. */
  readonly interval?: readonly [low: number, high: number];
  /** Of one example: what it is conditioned on. */
  readonly given?: Shape;
  /** Standard deviation of the random parameters about their initial values. */
  readonly spread?: number;
}

const batch = 3;
/** Of values of the scale 1, and relative to larger ones. */
const roundTripTolerance = 1e-4;
const logDetTolerance = 1e-3;
/** Of central differences in float64. */
const step = 1e-5;

/**
 * Holds a bijector with random parameters against its contract: toData(toLatent(x)) = x in float32, logDet = log |det| of the Jacobian by central
 * differences in float64, and finite gradients in parameters and inputs.
 */
export async function checkBijector(checked: BijectorCase): Promise<void> {
  const { bijector, shape, given: givenShape, scales = [1, 30] } = checked;
  const x = new Input("x", [batch, ...shape]);
  const given = givenShape && new Input("given", [batch, ...givenShape]);
  const leaves = randomParameters(bijector, checked.spread ?? 0.3);
  if (given) leaves.set(given, sines(given, 0.7));
  const { z, logDet } = bijector.toLatent(x, evaluation, given);
  const back = bijector.toData(z, evaluation, given);
  const learned = [...parameters(bijector).values()];
  const objective = sum(square(z)).sub(sum(logDet));
  const gradients = grad(objective, [x, ...learned]);
  // What they agree on is no map between other shapes.
  expect(logDet.shape).toEqual([batch]);
  expect(sizeOf(z.shape)).toBe(sizeOf(x.shape));
  const roots = [z, logDet, back, ...gradients];
  const device = await cpuDevice(1);
  for (const examples of inputsOf(checked, x, scales)) {
    const scale = Math.max(1, ...examples.data.map(Math.abs));
    const all = new Map([...leaves, [x as Tensor, examples], ...noiseValues(roots, 5)]);
    const found = await compute(device, roots, all);
    const worst = Math.max(...found[2]!.data.map((v, i) => Math.abs(v - examples.data[i]!)));
    expect(worst / scale, `round trip of values to ${scale}`).toBeLessThan(roundTripTolerance);
    for (const { data } of found) expect(data.every(Number.isFinite), `finite at values to ${scale}`).toBe(true);
    const expected = logDetsByDifferences(z, x, all);
    const exact = evaluate([logDet], all)[0]!.data;
    expected.forEach((each, i) => {
      expect(Math.abs(exact[i]! - each), `logDet of values to ${scale}: ${exact[i]}, ${each}`).toBeLessThan(
        logDetTolerance,
      );
      expect(Math.abs(found[1]!.data[i]! - each) / Math.max(1, Math.abs(each)), "in float32").toBeLessThan(
        logDetTolerance,
      );
    });
  }
}

/** Variables about their initial values: those that start at 0 too, so that no network gives zeros. */
export function randomParameters(bijector: object, spread: number): Map<Tensor, Value> {
  const trained = new Set(parameters(bijector).values());
  return new Map(
    [...variables(bijector)].map(([name, v], k): [Tensor, Value] => {
      const initial = initialValue(v.initializer, v.shape, 3, name);
      const moved = sines(v, k + 0.3).data;
      return [
        v,
        value(
          "float32",
          v.shape,
          Float64Array.from(initial, (w, i) => (trained.has(v) ? w + spread * moved[i]! : w)),
        ),
      ];
    }),
  );
}

function inputsOf({ interval }: BijectorCase, x: Input, scales: readonly number[]): Value[] {
  const values = sines(x, 0.1).data;
  if (interval) {
    const [low, high] = interval;
    return [
      value(
        "float32",
        x.shape,
        values.map((v) => low + ((v + 1) / 2) * (high - low)),
      ),
    ];
  }
  return scales.map((scale) =>
    value(
      "float32",
      x.shape,
      values.map((v) => scale * v),
    ),
  );
}

/** log |det dz/dx| of each example of a leaf x, by central differences. */
export function logDetsByDifferences(z: Tensor, x: Tensor, leaves: ReadonlyMap<Tensor, Value>): number[] {
  const at = leaves.get(x)!.data;
  const rows = x.shape[0]!;
  const size = at.length / rows;
  const moved = (j: number, by: number): Float64Array => {
    const data = Float64Array.from(at, (v, i) => (i % size === j ? v + by * Math.max(1, Math.abs(v)) : v));
    return evaluate([z], new Map([...leaves, [x, value("float32", x.shape, data)]]))[0]!.data;
  };
  const columns = Array.from({ length: size }, (_, j) => [moved(j, step), moved(j, -step)] as const);
  return Array.from({ length: rows }, (_, row) => {
    const jacobian = Array.from({ length: size }, (_, i) =>
      columns.map(([above, below], j) => {
        const width = 2 * step * Math.max(1, Math.abs(at[row * size + j]!));
        return (above[row * size + i]! - below[row * size + i]!) / width;
      }),
    );
    return logAbsDeterminant(jacobian);
  });
}

/** By elimination with pivots. */
function logAbsDeterminant(matrix: readonly (readonly number[])[]): number {
  const rows = matrix.map((row) => [...row]);
  let total = 0;
  for (let k = 0; k < rows.length; k++) {
    const pivot = rows
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(rows[best]![k]!) ? k + i : best), k);
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    const top = rows[k]!;
    total += Math.log(Math.abs(top[k]!));
    for (const row of rows.slice(k + 1)) {
      const factor = row[k]! / top[k]!;
      for (let j = k; j < row.length; j++) row[j]! -= factor * top[j]!;
    }
  }
  return total;
}
