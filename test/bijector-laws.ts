import type { Bijector } from "../src/bijectors/index.ts";
import { evaluate } from "../src/graph/evaluate.ts";
import { grad } from "../src/graph/grad.ts";
import { constant, Input, type Tensor } from "../src/graph/tensor.ts";
import { type Value, value } from "../src/graph/value.ts";
import { evaluation } from "../src/nn/context.ts";
import { variables } from "../src/nn/module.ts";
import { stream } from "../src/random/index.ts";
import { compute } from "../src/runtime/compute.ts";
import type { Device } from "../src/runtime/device.ts";

/** A bijector of vectors, with what it is tried on. */
export interface TriedBijector {
  readonly bijector: Bijector;
  readonly size: number;
  /** Length of the vector that it is conditioned on; 0 for none. */
  readonly given?: number;
  /** Standard deviation of its random parameters. */
  readonly parameters?: number;
}

/** What a bijector makes of random examples with random parameters, which are to be nothing like its start. */
export interface FoundLaws {
  /** The largest |toData(toLatent(x)) - x| over max(1, |x|) in float32. */
  readonly roundTrip: number;
  /** The largest |logDet - log |det dz/dx||, the Jacobian by derivatives in float64. */
  readonly logDet: number;
  /** Whether every derivative of z and logDet, in inputs and parameters, is finite. */
  readonly finite: boolean;
  /** The largest |z - x|: what is the identity proves nothing. */
  readonly moved: number;
}

/** Examples within about `scale` of 0, in batches of more than one. */
export async function lawsOf(tried: TriedBijector, device: Device, scale: number): Promise<FoundLaws> {
  const { bijector, size, given = 0, parameters = 0.7 } = tried;
  const batch = 5;
  const random = stream(0, "laws");
  const numbers = (shape: readonly number[], std: number): Value =>
    value(
      "float32",
      shape,
      Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.fround(std * random.normal())),
    );
  const x = new Input("x", [batch, size]);
  const leaves = new Map<Tensor, Value>([[x, numbers(x.shape, scale)]]);
  for (const variable of variables(bijector).values()) leaves.set(variable, numbers(variable.shape, parameters));
  const y = given > 0 ? new Input("y", [batch, given]) : undefined;
  if (y) leaves.set(y, numbers(y.shape, 1));

  const { z, logDet } = bijector.toLatent(x, evaluation, y);
  const back = bijector.toData(z, evaluation, y);
  const [found, mapped] = await compute(device, [back, z], leaves);
  const given0 = leaves.get(x)!.data;
  const roundTrip = Math.max(...given0.map((v, i) => Math.abs(found!.data[i]! - v) / Math.max(1, Math.abs(v))));

  const rows = Array.from({ length: size }, (_, i) => grad(z.mul(unit(size, i)).sum(), [x])[0]!);
  const [logDets, ...columns] = evaluate([logDet, ...rows], leaves);
  const jacobian = (example: number): number[][] =>
    columns.map(({ data }) => Array.from(data.slice(example * size, (example + 1) * size)));
  const exact = Array.from({ length: batch }, (_, example) => logAbsDeterminant(jacobian(example)));
  const derivatives = await compute(
    device,
    grad(z.sum().add(logDet.sum()), [x, ...(y ? [y] : []), ...variables(bijector).values()]),
    leaves,
  );
  return {
    roundTrip,
    logDet: Math.max(...exact.map((v, i) => Math.abs(v - logDets!.data[i]!))),
    finite: derivatives.every(({ data }) => data.every(Number.isFinite)),
    moved: Math.max(...given0.map((v, i) => Math.abs(mapped!.data[i]! - v))),
  };
}

/** 1 at one value of an example. */
const unit = (size: number, at: number): Tensor =>
  constant(
    Array.from({ length: size }, (_, i) => Number(i === at)),
    [size],
  );

/** By Gaussian elimination with pivots. */
function logAbsDeterminant(matrix: number[][]): number {
  let total = 0;
  for (let k = 0; k < matrix.length; k++) {
    const pivot = matrix
      .slice(k)
      .reduce((best, row, i) => (Math.abs(row[k]!) > Math.abs(matrix[best]![k]!) ? k + i : best), k);
    [matrix[k], matrix[pivot]] = [matrix[pivot]!, matrix[k]!];
    total += Math.log(Math.abs(matrix[k]![k]!));
    for (let i = k + 1; i < matrix.length; i++) {
      const factor = matrix[i]![k]! / matrix[k]![k]!;
      for (let j = k; j < matrix.length; j++) matrix[i]![j]! -= factor * matrix[k]![j]!;
    }
  }
  return total;
}
