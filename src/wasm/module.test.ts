import { describe, expect, test } from "vitest";
import {
  block,
  br,
  brIf,
  f32,
  f32x4,
  f64,
  i32,
  i32x4,
  i64x2,
  loop,
  select,
  v128,
  when,
  type Code,
  type ValueType,
} from "./instructions.ts";
import { compileModule, defineFunction, encodeModule, type WasmFunction } from "./module.ts";

const memory = new WebAssembly.Memory({ initial: 1 });

function instantiate<Name extends string>(functions: Record<Name, WasmFunction>) {
  expect(WebAssembly.validate(encodeModule(functions))).toBe(true);
  return compileModule(functions)(memory);
}

/** The value of an expression without parameters. */
function evaluate(code: Code<Exclude<ValueType, "v128">>): number {
  return instantiate({ f: defineFunction({}, () => [code]) }).f();
}

/** The four 32-bit lanes of a vector, as unsigned integers or as floats. */
function storeLanes(code: Code<"v128">): DataView {
  instantiate({ f: defineFunction({}, () => [v128.store(i32.const(0), code, 16)]) }).f();
  return new DataView(memory.buffer, 16, 16);
}
const integerLanes = (code: Code<"v128">) => [0, 4, 8, 12].map((at) => storeLanes(code).getUint32(at, true));
const floatLanes = (code: Code<"v128">) => [0, 4, 8, 12].map((at) => storeLanes(code).getFloat32(at, true));

/** A float32 vector, by the bits of its lanes. */
const floats = (...lanes: [number, number, number, number]) =>
  v128.const([...new Uint8Array(new Float32Array(lanes).buffer)]);

test.each([0, 1, 63, 64, -1, -64, -65, 8191, 8192, -8192, -8193, 2 ** 31 - 1, -(2 ** 31)])("i32.const %d", (value) => {
  expect(evaluate(i32.const(value))).toBe(value);
});

test("constants keep their bits", () => {
  expect(evaluate(i32.const(0xdeadbeef))).toBe(0xdeadbeef | 0);
  expect(evaluate(f32.const(0.1))).toBe(Math.fround(0.1));
  expect(evaluate(f64.const(-0.1))).toBe(-0.1);
  expect(integerLanes(i32x4.const([1, 2 ** 31, 3, 0xffffffff]))).toEqual([1, 2 ** 31, 3, 0xffffffff]);
});

test("scalar instructions", () => {
  const [six, four] = [i32.const(6), i32.const(-4)];
  const integers = [i32.add(six, four), i32.sub(six, four), i32.mul(six, four), i32.and(six, four), i32.shl(four, six)];
  expect(integers.map(evaluate)).toEqual([2, 10, -24, 4, -256]);
  expect([i32.eq(six, four), i32.eqz(i32.const(0)), i32.ltU(six, four)].map(evaluate)).toEqual([0, 1, 1]);

  const [x, y] = [f32.const(2.25), f32.const(-4)];
  const singles = [
    f32.add(x, y),
    f32.sub(x, y),
    f32.mul(x, y),
    f32.div(x, y),
    f32.min(x, y),
    f32.max(x, y),
    f32.abs(y),
    f32.neg(x),
    f32.sqrt(x),
  ];
  expect(singles.map(evaluate)).toEqual([-1.75, 6.25, -9, -0.5625, -4, 2.25, 4, -2.25, 1.5]);
  const compared = [f32.eq, f32.ne, f32.lt, f32.gt, f32.le, f32.ge].map((compare) =>
    [compare(x, y), compare(x, x)].map(evaluate),
  );
  expect(compared).toEqual([
    [0, 1],
    [1, 0],
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  expect(evaluate(select(x, y, f32.lt(x, y)))).toBe(-4);

  const [a, b] = [f64.promote(x), f64.const(1e-10)];
  expect([f64.add(a, b), f64.sub(a, b), f64.mul(a, b), f64.div(a, b), f64.sqrt(a)].map(evaluate)).toEqual([
    2.25 + 1e-10,
    2.25 - 1e-10,
    2.25 * 1e-10,
    2.25 / 1e-10,
    1.5,
  ]);
});

describe("vector instructions", () => {
  test("on float32 lanes", () => {
    const [x, y] = [floats(1, -4, 9, 2.5), floats(2, -8, 3, 2.5)];
    expect(floatLanes(f32x4.add(x, y))).toEqual([3, -12, 12, 5]);
    expect(floatLanes(f32x4.sub(x, y))).toEqual([-1, 4, 6, 0]);
    expect(floatLanes(f32x4.mul(x, y))).toEqual([2, 32, 27, 6.25]);
    expect(floatLanes(f32x4.div(x, y))).toEqual([0.5, 0.5, 3, 1]);
    expect(floatLanes(f32x4.min(x, y))).toEqual([1, -8, 3, 2.5]);
    expect(floatLanes(f32x4.max(x, y))).toEqual([2, -4, 9, 2.5]);
    expect(floatLanes(f32x4.abs(x))).toEqual([1, 4, 9, 2.5]);
    expect(floatLanes(f32x4.neg(x))).toEqual([-1, 4, -9, -2.5]);
    expect(floatLanes(f32x4.sqrt(f32x4.splat(f32.const(2))))).toEqual(Array(4).fill(Math.fround(Math.SQRT2)));
    const compared = [f32x4.eq, f32x4.ne, f32x4.lt, f32x4.gt, f32x4.le, f32x4.ge].map((compare) =>
      integerLanes(compare(x, y)).map((mask) => mask | 0),
    );
    expect(compared).toEqual([
      [0, 0, 0, -1],
      [-1, -1, -1, 0],
      [-1, 0, 0, 0],
      [0, -1, -1, 0],
      [-1, 0, 0, -1],
      [0, -1, -1, -1],
    ]);
    expect([0, 1, 2, 3].map((lane) => evaluate(f32x4.extractLane(x, lane)))).toEqual([1, -4, 9, 2.5]);
    expect(floatLanes(f32x4.convertI32x4S(i32x4.const([1, 0xffffffff, 2 ** 31, 5])))).toEqual([1, -1, -(2 ** 31), 5]);
  });

  test("on integer lanes and bits", () => {
    const [x, y] = [i32x4.const([1, 0xfffffff0, 7, 2 ** 31]), i32x4.const([3, 0x11, 7, 2])];
    expect(integerLanes(i32x4.add(x, y))).toEqual([4, 1, 14, 2 ** 31 + 2]);
    expect(integerLanes(i32x4.sub(y, x))).toEqual([2, 0x21, 0, 2 ** 31 + 2]);
    expect(integerLanes(i32x4.mul(x, y))).toEqual([3, 0xfffffef0, 49, 0]);
    expect(integerLanes(i32x4.shl(x, i32.const(4)))).toEqual([16, 0xffffff00, 0x70, 0]);
    expect(integerLanes(i32x4.shrS(x, i32.const(31)))).toEqual([0, 0xffffffff, 0, 0xffffffff]);
    expect(integerLanes(i32x4.shrU(x, i32.const(31)))).toEqual([0, 1, 0, 1]);
    expect(integerLanes(i32x4.eq(x, y))).toEqual([0, 0, 0xffffffff, 0]);
    expect(integerLanes(i32x4.ltU(x, y))).toEqual([0xffffffff, 0, 0, 0]);
    expect(integerLanes(i64x2.extmulLowU32(x, y))).toEqual([3, 0, 0xfffffef0, 0x10]);
    expect(integerLanes(i64x2.extmulHighU32(x, y))).toEqual([49, 0, 0, 1]);
    expect(integerLanes(i64x2.add(x, i32x4.const([0xffffffff, 0, 0, 0])))).toEqual([0, 0xfffffff1, 7, 2 ** 31]);
    expect(integerLanes(i32x4.splat(i32.const(-2)))).toEqual(Array(4).fill(0xfffffffe));
    expect(integerLanes(v128.and(x, y))).toEqual([1, 0x10, 7, 0]);
    expect(integerLanes(v128.andnot(y, x))).toEqual([2, 1, 0, 2]);
    expect(integerLanes(v128.or(x, y))).toEqual([3, 0xfffffff1, 7, 2 ** 31 + 2]);
    expect(integerLanes(v128.xor(x, y))).toEqual([2, 0xffffffe1, 0, 2 ** 31 + 2]);
    expect(integerLanes(v128.not(y))).toEqual([0xfffffffc, 0xffffffee, 0xfffffff8, 0xfffffffd]);
    expect(integerLanes(v128.bitselect(x, y, i32x4.const([0xffffffff, 0, 0, 0xf0000000])))).toEqual([
      1,
      0x11,
      7,
      2 ** 31 + 2,
    ]);
    expect(integerLanes(v128.shuffle32(x, y, [0, 7, 2, 5]))).toEqual([1, 2, 7, 0x11]);
  });
});

test("a loop over memory: y += a x, four lanes at a time, then one at a time", () => {
  const axpy = defineFunction({ a: "f32", x: "i32", y: "i32", count: "i32" }, ({ a, x, y, count }, local) => {
    const scale = local("v128");
    const next = (bytes: number) => [x.set(i32.add(x, i32.const(bytes))), y.set(i32.add(y, i32.const(bytes)))];
    return [
      scale.set(f32x4.splat(a)),
      block([
        loop([
          brIf(1, i32.ltU(count, i32.const(4))),
          v128.store(y, f32x4.add(v128.load(y), f32x4.mul(scale, v128.load(x)))),
          ...next(16),
          count.set(i32.sub(count, i32.const(4))),
          br(0),
        ]),
      ]),
      loop([
        when(count, [
          f32.store(y, f32.add(f32.load(y), f32.mul(a, f32.load(x)))),
          ...next(4),
          count.set(i32.sub(count, i32.const(1))),
          br(1),
        ]),
      ]),
    ];
  });
  const { run } = instantiate({ run: axpy });
  const x = new Float32Array(memory.buffer, 1024, 11).map((_, i) => i);
  new Float32Array(memory.buffer, 1024, 11).set(x);
  const y = new Float32Array(memory.buffer, 2048, 12).fill(1);
  run(0.5, 1024, 2048, 11);
  expect([...y]).toEqual([...Array.from(x, (value) => 1 + value / 2), 1]);
});

test("branches, tee, results and several functions", () => {
  const { sign, square } = instantiate({
    sign: defineFunction({ x: "f32" }, ({ x }, local) => {
      const result = local("i32");
      return [
        when(f32.lt(x, f32.const(0)), [result.set(i32.const(-1))], [result.set(f32.gt(x, f32.const(0)))]),
        result,
      ];
    }),
    square: defineFunction({ x: "f64" }, ({ x }, local) => {
      const copy = local("f64");
      return [f64.mul(copy.tee(f64.add(x, f64.const(1))), copy)];
    }),
  });
  expect([-2.5, 0, 7].map((x) => sign(x))).toEqual([-1, 0, 1]);
  expect(square(2)).toBe(9);
});

test("loads and stores honor their offset", () => {
  const { copy } = instantiate({
    copy: defineFunction({ from: "i32" }, ({ from }) => [i32.store(from, i32.load(from, 200), 300)]),
  });
  const words = new Uint32Array(memory.buffer);
  words[75] = 1;
  words[52] = 0xabcdef01;
  copy(8);
  expect(words[(300 + 8) / 4]).toBe(0xabcdef01);
});

test("operand types are checked by the compiler", () => {
  // @ts-expect-error: an f32 where an i32 belongs
  const wrong = defineFunction({ x: "f32" }, ({ x }) => [i32.add(x, i32.const(1))]);
  expect(WebAssembly.validate(encodeModule({ wrong }))).toBe(false);
});
