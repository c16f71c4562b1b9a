import { describe, expect, test } from "vitest";
import { UnsupportedOpError } from "../errors.ts";
import { evaluate } from "../graph/evaluate.ts";
import type { SimdInstruction } from "../graph/op.ts";
import { constant, Input, type Tensor } from "../graph/tensor.ts";
import { value } from "../graph/value.ts";
import {
  abs,
  add,
  and,
  div,
  equal,
  exp,
  greater,
  greaterEqual,
  less,
  lessEqual,
  maximum,
  minimum,
  mul,
  neg,
  not,
  or,
  sqrt,
  sub,
  sum,
  where,
} from "../ops/index.ts";
import { adam } from "../optim/adam.ts";
import { scalarNames } from "../optim/optimizer.ts";
import { compileElementwise, elementwisePass } from "./elementwise.ts";
import { encodeModule } from "./module.ts";

const x = new Input("x", [4]);
const y = new Input("y", [4]);
const s = new Input("s", []);

/** Runs the loop over copies of the arrays, laid one after another, and returns what they became. */
function run(
  stores: ReadonlyMap<Input, Tensor>,
  given: ReadonlyMap<Input, Float32Array>,
  numbers: ReadonlyMap<Input, number> = new Map(),
): Float32Array[] {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { byteLength } = [...given.values()][0]!;
  const views = [...given.values()].map((data, i) => {
    const view = new Float32Array(memory.buffer, i * byteLength, data.length);
    view.set(data);
    return view;
  });
  const loop = compileElementwise({ arrays: [...given.keys()], scalars: [...numbers.keys()], stores })(memory);
  loop(
    views.map(({ byteOffset }) => byteOffset),
    [...numbers.values()],
    byteLength,
  );
  return views;
}

const smallest = 2 ** -149;
const special = [
  0,
  -0,
  1,
  -1.5,
  0.1,
  3e38,
  -3e38,
  Infinity,
  -Infinity,
  NaN,
  2 ** -126,
  -(2 ** -127),
  1e-40,
  smallest,
  -smallest,
  7,
];
/** Every special value against every other. */
const first = Float32Array.from(special.flatMap((a) => special.map(() => a)));
const second = Float32Array.from(special.flatMap(() => special));

const chosen = (condition: Tensor): Tensor => where(condition, x, y);
const expressions: Record<SimdInstruction, Tensor> = {
  "f32x4.add": add(x, y),
  "f32x4.sub": sub(x, y),
  "f32x4.mul": mul(x, y),
  "f32x4.div": div(x, y),
  "f32x4.min": minimum(x, y),
  "f32x4.max": maximum(x, y),
  "f32x4.neg": neg(x),
  "f32x4.abs": abs(x),
  "f32x4.sqrt": sqrt(x),
  "f32x4.eq": chosen(equal(x, y)),
  "f32x4.lt": chosen(less(x, y)),
  "f32x4.gt": chosen(greater(x, y)),
  "f32x4.le": chosen(lessEqual(x, y)),
  "f32x4.ge": chosen(greaterEqual(x, y)),
  "v128.and": chosen(and(less(x, 1), less(y, 1))),
  "v128.or": chosen(or(less(x, 1), less(y, 1))),
  "v128.not": chosen(not(less(x, y))),
  "v128.bitselect": where(less(x, y), y, 1.5),
};

describe("each instruction", () => {
  // One float32 operation on float32 numbers, computed in float64 and rounded once more, gives the same float32: bits must agree.
  test.each(Object.entries(expressions))("%s agrees with the reference on special values, bit for bit", (_, result) => {
    const [got] = run(
      new Map([[x, result]]),
      new Map([
        [x, first],
        [y, second],
      ]),
    );
    first.forEach((a, i) => {
      const b = second[i]!;
      const leaves = new Map([a, b].map((v, k) => [k === 0 ? x : y, value("float32", [4], Array(4).fill(v))]));
      const [expected] = evaluate([result], leaves);
      expect(got![i], `of ${a} and ${b}`).toBe(Math.fround(expected!.data[0]!));
    });
  });

  test("a bool constant is a mask", () => {
    const [no, yes] = [0, 1].map((v) => constant(v, [], "bool"));
    const data = new Map([[x, Float32Array.of(-2, 3, 0, NaN)]]);
    expect(run(new Map([[x, where(yes!, x, 9)]]), data)[0]).toEqual(Float32Array.of(-2, 3, 0, NaN));
    expect(run(new Map([[x, where(no!, x, 9)]]), data)[0]).toEqual(Float32Array.of(9, 9, 9, 9));
    expect(run(new Map([[x, where(and(less(x, 1), yes!), x, 9)]]), data)[0]).toEqual(Float32Array.of(-2, 9, 0, 9));
    expect(run(new Map([[x, where(or(less(x, 1), no!), x, 9)]]), data)[0]).toEqual(Float32Array.of(-2, 9, 0, 9));
    expect(run(new Map([[x, where(not(no!), x, 9)]]), data)[0]).toEqual(Float32Array.of(-2, 3, 0, NaN));
  });
});

describe("the loop", () => {
  const a = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const b = Float32Array.of(10, 20, 30, 40, 50, 60, 70, 80);

  test("every value is read before any is stored", () => {
    const swapped = run(
      new Map<Input, Tensor>([
        [x, y],
        [y, x],
      ]),
      new Map([
        [x, a],
        [y, b],
      ]),
    );
    expect(swapped).toEqual([b, a]);
    const crossed = run(
      new Map([
        [x, x.add(y)],
        [y, x.sub(y)],
      ]),
      new Map([
        [x, a],
        [y, b],
      ]),
    );
    expect(crossed).toEqual([a.map((v, i) => v + b[i]!), a.map((v, i) => v - b[i]!)]);
  });

  test("an array without a store is left as it was, and so is what follows the last byte", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const all = new Float32Array(memory.buffer, 0, 16).fill(1);
    const loop = compileElementwise({ arrays: [x, y], scalars: [], stores: new Map([[y, x.add(y)]]) })(memory);
    loop([0, 32], [], 16);
    expect([...all]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1]);
    loop([0, 32], [], 0);
    expect(all[8]).toBe(2);
    expect(() => loop([0, 32], [], 20)).toThrow("elementwise: got 20 bytes, expected a multiple of 16");
  });

  test("scalars reach every element, and what only they enter is computed before the loop", () => {
    const t = new Input("t", []);
    const result = x.mul(sqrt(s.add(t)));
    const [got] = run(
      new Map([[x, result]]),
      new Map([[x, a]]),
      new Map([
        [s, 3],
        [t, 6],
      ]),
    );
    expect(got).toEqual(a.map((v) => 3 * v));
    const { body } = elementwisePass({ arrays: [x], scalars: [s, t], stores: new Map([[x, result]]) });
    const position = (bytes: readonly number[]): number =>
      body.findIndex((_, i) => bytes.every((byte, k) => body[i + k] === byte));
    const [f32x4Sqrt, loopStart, f32x4Mul] = [
      [0xfd, 0xe3, 0x01],
      [0x03, 0x40],
      [0xfd, 0xe6, 0x01],
    ].map(position);
    expect(f32x4Sqrt).toBeGreaterThan(0);
    expect(loopStart).toBeGreaterThan(f32x4Sqrt!);
    expect(f32x4Mul).toBeGreaterThan(loopStart!);
  });

  test("a value no array enters is stored everywhere", () => {
    const stores = new Map<Input, Tensor>([
      [x, s],
      [y, constant(-2.5)],
    ]);
    const data = new Map([
      [x, a],
      [y, b],
    ]);
    expect(run(stores, data, new Map([[s, 7]]))).toEqual([a.map(() => 7), b.map(() => -2.5)]);
  });

  test("an expression of more than 100 nodes keeps float32 arithmetic throughout", () => {
    const coefficients = Array.from({ length: 90 }, (_, i) => Math.fround(Math.sin(i)));
    const horner = coefficients.reduce<Tensor>((h, c) => h.mul(y).add(c), x);
    const at = Float32Array.from({ length: 64 }, (_, i) => Math.cos(i));
    const start = Float32Array.from({ length: 64 }, (_, i) => i / 7);
    const [got] = run(
      new Map([[x, horner]]),
      new Map([
        [x, start],
        [y, at],
      ]),
    );
    const expected = start.map((v, i) => coefficients.reduce((h, c) => Math.fround(Math.fround(h * at[i]!) + c), v));
    expect(got).toEqual(expected);
  });
});

describe("refusals", () => {
  const compiling = (result: Tensor) => () =>
    compileElementwise({ arrays: [x], scalars: [s], stores: new Map([[x, result]]) });

  test.each([
    ["Exp", exp(x)],
    ["Sum", sum(x).add(x)],
    ["Input", x.add(new Input("stranger", []))],
    ["Constant", x.add(constant([1, 2, 3, 4], [4]))],
  ])("%s is named", (name, result) => {
    expect(compiling(result)).toThrow(UnsupportedOpError);
    expect(compiling(result)).toThrow(new RegExp(`^elementwise: (Reduce)?${name} has no SIMD instruction`));
  });
});

test("Adam's module is small enough for a browser's main thread to compile synchronously", () => {
  const optimizer = adam({ learningRate: 1e-3 });
  const slots = { m: new Input("m", [4]), v: new Input("v", [4]) };
  const scalars = Object.fromEntries(scalarNames(optimizer).map((n) => [n, new Input(n, [])]));
  const next = optimizer.update({ parameter: x, gradient: y, slots, scalars });
  const pass = elementwisePass({
    arrays: [x, y, slots.m, slots.v],
    scalars: Object.values(scalars),
    stores: new Map([
      [x, next.parameter],
      [slots.m, next.slots["m"]!],
      [slots.v, next.slots["v"]!],
    ]),
  });
  expect(encodeModule({ pass }).length).toBeLessThan(4096);
});
