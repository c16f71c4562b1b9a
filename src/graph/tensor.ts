import { ShapeError } from "../errors.ts";
import { add, div, mul, neg, sub } from "../ops/arithmetic.ts";
import { matmul } from "../ops/linalg.ts";
import { broadcastTo, reshape, transpose } from "../ops/movement.ts";
import { mean, sum } from "../ops/reduction.ts";
import type { Attributes, Each, ErasedOp, Op } from "./op.ts";
import { checkShape, type DType, formatType, type Shape, sizeOf, type TensorType } from "./shape.ts";
import { type Value, value } from "./value.ts";

export type Operand = Tensor | number;

let nextId = 0;

/** A node of the graph: an operation applied to other nodes. It has a type but no data, and is immutable. */
export class Tensor implements TensorType {
  readonly op: ErasedOp;
  readonly inputs: readonly Tensor[];
  readonly attrs: Attributes;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Creation order: an input's id is always smaller than its reader's. */
  readonly id: number;

  constructor(op: ErasedOp, inputs: readonly Tensor[], attrs: Attributes, type: TensorType) {
    checkShape(op.name, type.shape);
    this.op = op;
    this.inputs = inputs;
    this.attrs = attrs;
    this.dtype = type.dtype;
    this.shape = type.shape;
    this.id = nextId++;
  }

  get size(): number {
    return sizeOf(this.shape);
  }
  get rank(): number {
    return this.shape.length;
  }

  // Infix arithmetic, so that model code reads left to right. The import cycle with ops/ is deliberate: methods installed
  // from there got lost in bundles (rolldown 1, rollup 4 drop a side effect behind re-exports of a side-effect-free index).
  // It is harmless as long as no op needs the class below while its module loads.
  add(y: Operand): Tensor {
    return add(this, y);
  }
  sub(y: Operand): Tensor {
    return sub(this, y);
  }
  mul(y: Operand): Tensor {
    return mul(this, y);
  }
  div(y: Operand): Tensor {
    return div(this, y);
  }
  neg(): Tensor {
    return neg(this);
  }
  matmul(y: Tensor): Tensor {
    return matmul(this, y);
  }
  reshape(shape: Shape): Tensor {
    return reshape(this, shape);
  }
  broadcastTo(shape: Shape): Tensor {
    return broadcastTo(this, shape);
  }
  transpose(permutation?: readonly number[]): Tensor {
    return transpose(this, permutation);
  }
  sum(axes?: readonly number[] | number, keepDims?: boolean): Tensor {
    return sum(this, axes, keepDims);
  }
  mean(axes?: readonly number[] | number, keepDims?: boolean): Tensor {
    return mean(this, axes, keepDims);
  }
}

/** Leaves have no rules: the runtime supplies their values. */
function leafOp(name: string): ErasedOp {
  const refuse = (): never => {
    throw new Error(`${name}: a leaf has no rule of its own`);
  };
  return { name, infer: refuse, vjp: null, lower: refuse, evaluate: refuse };
}
const inputOp = leafOp("Input");
const variableOp = leafOp("Variable");
const noiseOp = leafOp("Noise");
const constantOp = leafOp("Constant");

/** An input: a value that the caller of a program gives at each run. */
export class Input extends Tensor {
  readonly name: string;
  constructor(name: string, shape: Shape, dtype: DType = "float32") {
    super(inputOp, [], {}, { dtype, shape });
    this.name = name;
  }
}

/** Initializer of a variable; `fans` are the fan-in and fan-out of the papers, already applied. */
export type Initializer =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "normal"; readonly mean: number; readonly std: number }
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  | { readonly kind: "orthogonal"; readonly gain: number };

/** State that lives on a device between runs: a weight, a moment, a running statistic, a codebook. */
export class Variable extends Tensor {
  readonly initializer: Initializer;
  /** Whether an optimizer may change it; running statistics and codebooks are updated by the graph itself. */
  readonly trainable: boolean;
  constructor(shape: Shape, initializer: Initializer, options: { trainable?: boolean; dtype?: DType } = {}) {
    super(variableOp, [], {}, { dtype: options.dtype ?? "float32", shape });
    this.initializer = initializer;
    this.trainable = options.trainable ?? true;
  }
}

/** Noise, sampled at each run from a counter-based stream keyed by (seed, step, leaf). */
export class Noise extends Tensor {
  readonly distribution: "normal" | "uniform";
  constructor(distribution: "normal" | "uniform", shape: Shape) {
    super(noiseOp, [], {}, { dtype: "float32", shape });
    this.distribution = distribution;
  }
}

/**
 * Independent noise, resampled by the runtime at each run: N(0, 1), or uniform on [0, 1).
 *
 * @example
 * const z = noise.normal([64, 10]);
 * z.shape; // [64, 10]
 */
export const noise = {
  normal: (shape: Shape): Tensor => new Noise("normal", shape),
  uniform: (shape: Shape): Tensor => new Noise("uniform", shape),
};

/** A constant: values known while the graph is built. */
export class Constant extends Tensor {
  readonly value: Value;
  constructor(held: Value) {
    super(constantOp, [], {}, held);
    this.value = held;
  }
}

// Structurally equal nodes are the same object, so common subexpressions cost nothing and `===` is equality.
const interned = new Map<string, WeakRef<Tensor>>();
const forget = new FinalizationRegistry<string>((key) => {
  if (interned.get(key)?.deref() === undefined) interned.delete(key);
});

function intern(key: string, make: () => Tensor): Tensor {
  const known = interned.get(key)?.deref();
  if (known) return known;
  const made = make();
  interned.set(key, new WeakRef(made));
  forget.register(made, key);
  return made;
}

const opIds = new WeakMap<ErasedOp, number>();
let nextOpId = 0;
function opId(op: ErasedOp): number {
  let id = opIds.get(op);
  if (id === undefined) opIds.set(op, (id = nextOpId++));
  return id;
}

const number = (n: number): string => (Object.is(n, -0) ? "-0" : String(n));
function attributeKey(v: unknown): string {
  if (typeof v === "number") return number(v);
  if (Array.isArray(v)) return `[${v.map(attributeKey).join()}]`;
  if (typeof v === "string" || typeof v === "boolean" || v === undefined || v === null) return JSON.stringify(v) ?? "-";
  throw new TypeError(`attributes hold numbers, strings, booleans and lists of them, got ${typeof v}`);
}

const largestInternedConstant = 64;

/**
 * A constant tensor.
 *
 * @example
 * constant([1, 2, 3, 4], [2, 2]).matmul(constant([1, 1], [2, 1])).shape; // [2, 1]
 */
export function constant(data: number | ArrayLike<number>, shape: Shape = [], dtype: DType = "float32"): Tensor {
  const numbers = typeof data === "number" ? [data] : data;
  const held = value(dtype, shape, numbers);
  if (held.data.length > largestInternedConstant) return new Constant(held);
  return intern(`c|${dtype}|${shape}|${Array.from(held.data, number).join()}`, () => new Constant(held));
}

/** A constant with one value everywhere, kept as a scalar that binary operations broadcast. */
export const lift = (x: Operand, dtype: DType): Tensor => (typeof x === "number" ? constant(x, [], dtype) : x);

/** The value of a scalar (or one-element) constant, else undefined. */
export function scalarValue(t: Tensor): number | undefined {
  return t instanceof Constant && t.value.data.length === 1 ? t.value.data[0] : undefined;
}

const largestFoldedConstant = 4096;

/** The node of `op`, or an equal cheaper one. All computed tensors are created here. */
export function apply(op: ErasedOp, x: readonly Tensor[], attrs: Attributes): Tensor {
  const type = op.infer(x, attrs);
  const simpler = op.identity?.(x, attrs);
  if (simpler) {
    if (simpler.dtype !== type.dtype || sizeOf(simpler.shape) !== sizeOf(type.shape))
      throw new ShapeError(
        `${op.name}: identity changed the type, got ${formatType(simpler)}, expected ${formatType(type)}`,
      );
    return simpler;
  }
  if (
    x.length > 0 &&
    op.folds !== false &&
    sizeOf(type.shape) <= largestFoldedConstant &&
    x.every((t) => t instanceof Constant)
  ) {
    const folded = op.evaluate(
      x.map((t) => t.value),
      attrs,
      type,
    );
    return constant(type.dtype === "float32" ? folded.data.map(Math.fround) : folded.data, type.shape, type.dtype);
  }
  const key = `${opId(op)}|${Object.values(attrs).map(attributeKey).join()}|${x.map((t) => t.id).join()}`;
  return intern(key, () => new Tensor(op, x, attrs, type));
}

/** Turns an op definition into the function that applies it. */
export function defineOp<In extends readonly Tensor[], Attrs extends Attributes = Attributes>(
  op: Op<In, Attrs>,
): ((x: In, attrs: Attrs) => Tensor) & { readonly op: ErasedOp } {
  // Arity and attribute type are erased here only; apply() passes back exactly what this function received.
  const erased = op as unknown as ErasedOp;
  return Object.assign((x: In, attrs: Attrs): Tensor => apply(erased, x, attrs), { op: erased });
}
export type { Each };
