import { UnsupportedOpError } from "../errors.ts";
import type { SimdInstruction } from "../graph/op.ts";
import { type Input, scalarValue, type Tensor } from "../graph/tensor.ts";
import { topologicalOrder } from "../graph/traverse.ts";
import { brIf, type Code, f32, f32x4, i32, i32x4, loop, v128 } from "./instructions.ts";
import { compileModule, defineFunction, type Local, type WasmFunction } from "./module.ts";

type Vector = Code<"v128">;

const instructions: Record<SimdInstruction, (...x: Vector[]) => Vector> = {
  "f32x4.add": (x, y) => f32x4.add(x, y),
  "f32x4.sub": (x, y) => f32x4.sub(x, y),
  "f32x4.mul": (x, y) => f32x4.mul(x, y),
  "f32x4.div": (x, y) => f32x4.div(x, y),
  "f32x4.min": (x, y) => f32x4.min(x, y),
  "f32x4.max": (x, y) => f32x4.max(x, y),
  "f32x4.neg": (x) => f32x4.neg(x),
  "f32x4.abs": (x) => f32x4.abs(x),
  "f32x4.sqrt": (x) => f32x4.sqrt(x),
  "f32x4.eq": (x, y) => f32x4.eq(x, y),
  "f32x4.lt": (x, y) => f32x4.lt(x, y),
  "f32x4.gt": (x, y) => f32x4.gt(x, y),
  "f32x4.le": (x, y) => f32x4.le(x, y),
  "f32x4.ge": (x, y) => f32x4.ge(x, y),
  "v128.and": (x, y) => v128.and(x, y),
  "v128.or": (x, y) => v128.or(x, y),
  "v128.not": (x) => v128.not(x),
  "v128.bitselect": (condition, x, y) => v128.bitselect(x, y, condition),
};

export interface ElementwiseSpec {
  /** Float32 arrays of one length that the expressions read; all are placeholders of one shape. */
  readonly arrays: readonly Input[];
  /** Values that are the same for all elements; placeholders of shape []. */
  readonly scalars: readonly Input[];
  /** New value of each array. An array without an entry is only read. */
  readonly stores: ReadonlyMap<Input, Tensor>;
}

/** Runs the loop in place over `bytes` bytes (a multiple of 16) from each array's address. */
export type ElementwiseLoop = (addresses: readonly number[], scalars: readonly number[], bytes: number) => void;

/**
 * Compiles elementwise float32 expressions to one WebAssembly SIMD loop: one pass over memory, whatever their number.
 * Throws UnsupportedOpError naming an op that has no SIMD instruction.
 */
export function compileElementwise(spec: ElementwiseSpec): (memory: WebAssembly.Memory) => ElementwiseLoop {
  const instantiate = compileModule({ pass: elementwisePass(spec) });
  return (memory) => {
    const { pass: run } = instantiate(memory);
    return (addresses, numbers, bytes) => {
      if (bytes % 16 !== 0) throw new RangeError(`elementwise: got ${bytes} bytes, expected a multiple of 16`);
      if (bytes > 0) run(bytes, ...addresses, ...numbers);
    };
  };
}

/** The loop as a function (bytes, ...addresses, ...scalars). Not unrolled: it is bound by memory and division (0.6 ns per weight for Adam). */
export function elementwisePass({ arrays, scalars, stores }: ElementwiseSpec): WasmFunction {
  const varying = new Set<Tensor>(arrays);
  const order = topologicalOrder([...stores.values()]);
  for (const t of order) if (t.inputs.some((x) => varying.has(x))) varying.add(t);

  return defineFunction(
    {
      bytes: "i32",
      ...Object.fromEntries(arrays.map((_, i) => [`a${i}`, "i32"] as const)),
      ...Object.fromEntries(scalars.map((_, i) => [`s${i}`, "f32"] as const)),
    },
    (params, local) => {
      // The parameter names are generated above: a0.. are addresses, s0.. are scalars.
      const named = params as unknown as Record<string, Local<"i32">> & Record<`s${number}`, Local<"f32">>;
      const offset = local("i32");
      const held = new Map<Tensor, Vector>();
      const before: Code<"none">[] = [];
      const body: Code<"none">[] = [];
      const address = (i: number): Code<"i32"> => i32.add(named[`a${i}`]!, offset);
      arrays.forEach((a, i) => {
        const register = local("v128");
        body.push(register.set(v128.load(address(i))));
        held.set(a, register);
      });
      scalars.forEach((s, i) => {
        const register = local("v128");
        before.push(register.set(f32x4.splat(named[`s${i}` as const]!)));
        held.set(s, register);
      });
      for (const t of order) {
        if (held.has(t)) continue;
        const register = local("v128");
        const expression = constantOf(t) ?? vectorOf(t, (x) => held.get(x)!);
        // Expressions that depend on no array are computed once, before the loop.
        (varying.has(t) ? body : before).push(register.set(expression));
        held.set(t, register);
      }
      for (const [array, value] of stores) body.push(v128.store(address(arrays.indexOf(array)), held.get(value)!));
      body.push(offset.set(i32.add(offset, i32.const(16))), brIf(0, i32.ltU(offset, named["bytes"]!)));
      return [...before, loop(body)];
    },
  );
}

/** A number in every lane; a bool is a mask of all ones or all zeros, as comparisons produce it. */
function constantOf(t: Tensor): Vector | undefined {
  const number = scalarValue(t);
  if (number === undefined) return undefined;
  return t.dtype === "bool" ? i32x4.splat(i32.const(-number)) : f32x4.splat(f32.const(number));
}

function vectorOf(t: Tensor, held: (x: Tensor) => Vector): Vector {
  if (t.op.name === "BroadcastTo" || t.op.name === "Reshape") return held(t.inputs[0]!);
  if (!t.op.simd)
    throw new UnsupportedOpError(
      `elementwise: ${t.op.name} has no SIMD instruction, got it in an optimizer's expression, expected ${Object.keys(instructions).join(", ")}`,
    );
  return instructions[t.op.simd](...t.inputs.map(held));
}
