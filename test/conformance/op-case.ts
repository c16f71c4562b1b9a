import {
  type DType,
  grad,
  Input,
  isFloat,
  type Shape,
  sizeOf,
  type Tensor,
  type Value,
  value,
} from "../../src/graph/index.ts";
import { mul, sum } from "../../src/ops/index.ts";

/** An input of a case: its type, and its numbers, or the range of scattered ones. */
export interface CaseInput {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly range: readonly [low: number, high: number];
  readonly data?: readonly number[];
}
export const ranged = (shape: Shape, low = -2, high = 2): CaseInput => ({
  shape,
  dtype: "float32",
  range: [low, high],
});
export const given = (data: readonly number[], shape: Shape = [data.length], dtype: DType = "float32"): CaseInput => ({
  shape,
  dtype,
  range: [0, 0],
  data,
});
export const ints = (data: readonly number[], shape: Shape = [data.length]): CaseInput => given(data, shape, "int64");
export const bools = (data: readonly number[], shape: Shape = [data.length]): CaseInput => given(data, shape, "bool");

export interface OpCase {
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly build: (...x: Tensor[]) => Tensor | readonly Tensor[];
  /**
   * How many derivatives central differences can confirm: 2 unless said otherwise; 0 at a kink or a tie, and where the
   * derivative is meant to differ from the slope. Devices are held to the reference's gradient in any case.
   */
  readonly derivatives?: 0 | 1 | 2;
}

/** What the suite knows of one exported op. */
export interface OpCases {
  readonly cases: readonly OpCase[];
  /** Each must throw a ShapeError that names the op. Empty for an op that takes anything. */
  readonly wrong: readonly (() => unknown)[];
  /** Names the messages may use instead: what a composite op is made of. */
  readonly speaksAs?: readonly string[];
  /** The op has no derivative: grad through it must throw. */
  readonly refusesGradient?: true;
}

/**
 * Distinct numbers at even intervals of a range in a scrambled order, none of them at 0 or at an integer: an
 * input far from every kink and tie, so that central differences hold.
 */
function scattered({ shape, range: [low, high] }: CaseInput, seed: number): number[] {
  const n = sizeOf(shape);
  let stride = Math.max(1, Math.round(n * 0.618));
  const divides = (a: number, b: number): number => (b === 0 ? a : divides(b, a % b));
  while (divides(n, stride) !== 1) stride++;
  const offset = 0.31 + 0.07 * (seed % 5);
  return Array.from({ length: n }, (_, i) => {
    const place = (i * stride + seed * 7) % n;
    return Math.fround(low + ((place + offset) / n) * (high - low));
  });
}

/** One case as graph: its outputs, then, up to the order asked for, the derivatives of a weighted sum of them. */
export interface Built {
  readonly op: string;
  readonly id: string;
  readonly values: readonly Tensor[];
  readonly gradients: readonly Tensor[];
  readonly secondGradients: readonly Tensor[];
  /** The weighted sum of the float outputs, and the sum of its squared gradient. */
  readonly loss: Tensor | null;
  readonly squaredGradient: Tensor | null;
  readonly wrt: readonly Tensor[];
  readonly leaves: ReadonlyMap<Tensor, Value>;
}

export function buildCase(
  op: string,
  { refusesGradient }: OpCases,
  c: OpCase,
  order: 0 | 1 | 2,
  dtype: DType = "float32",
): Built {
  const leaves = new Map<Tensor, Value>();
  const leaf = (name: string, d: CaseInput, seed: number): Tensor => {
    const type = isFloat(d.dtype) ? dtype : d.dtype;
    const x = new Input(name, d.shape, type);
    leaves.set(x, value(type, d.shape, d.data ?? scattered(d, seed)));
    return x;
  };
  const inputs = c.inputs.map((d, i) => leaf(`x${i}`, d, i));
  const built = c.build(...inputs);
  const values = Array.isArray(built) ? (built as readonly Tensor[]) : [built as Tensor];
  const wrt = inputs.filter((x) => isFloat(x.dtype));
  const id = `${op}: ${c.name}`;
  const floats = values.filter((y) => isFloat(y.dtype));
  const plain = { op, id, values, gradients: [], secondGradients: [], loss: null, squaredGradient: null, wrt, leaves };
  if (order === 0 || refusesGradient || floats.length === 0 || wrt.length === 0) return plain;

  const total = (ts: readonly Tensor[]): Tensor => ts.map((t) => sum(t)).reduce((a, b) => a.add(b));
  const loss = total(floats.map((y, i) => mul(y, leaf(`w${i}`, ranged(y.shape, 0.5, 1.5), 3 + i))));
  const gradients = grad(loss, wrt);
  if (order === 1 || (c.derivatives ?? 2) < 2) return { ...plain, gradients, loss };
  const squaredGradient = total(gradients.map((g) => mul(g, g)));
  return { ...plain, gradients, loss, squaredGradient, secondGradients: grad(squaredGradient, wrt) };
}
