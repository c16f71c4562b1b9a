import { brIf, f32, f32x4, i16x8, i32, i32x4, loop, v128, type Code } from "../../wasm/instructions.ts";
import { defineFunction } from "../../wasm/module.ts";

/** Values per loop iteration; arrays in memory are padded to a multiple of it. */
export const GROUP = 16;

/** The four quarters of sixteen bytes, each as four float32. */
function quarters(bytes: Code<"v128">): readonly Code<"v128">[] {
  return [i16x8.extendLowU8(bytes), i16x8.extendHighU8(bytes)].flatMap(halves);
}

/** The two halves of eight uint16, each as four float32. */
function halves(words: Code<"v128">): readonly [Code<"v128">, Code<"v128">] {
  return [f32x4.convertI32x4S(i32x4.extendLowU16(words)), f32x4.convertI32x4S(i32x4.extendHighU16(words))];
}

/** Turns the bytes at `from` into the float32 `(byte - low) / span` at `to`, up to the address `end`. */
export const scaleBytes = defineFunction(
  { from: "i32", to: "i32", end: "i32", low: "f32", span: "f32" },
  ({ from, to, end, low, span }, local) => {
    const bytes = local("v128");
    const lows = local("v128");
    const spans = local("v128");
    return [
      lows.set(f32x4.splat(low)),
      spans.set(f32x4.splat(span)),
      loop([
        bytes.set(v128.load(from)),
        ...quarters(bytes).map((values, i) => v128.store(to, f32x4.div(f32x4.sub(values, lows), spans), 16 * i)),
        from.set(i32.add(from, i32.const(GROUP))),
        to.set(i32.add(to, i32.const(4 * GROUP))),
        brIf(0, i32.ltU(to, end)),
      ]),
    ];
  },
);

/**
 * Replaces each float32 p from `at` up to the address `end` by 1 where r + 1/2 < 65536 p and by 0 elsewhere, with r the consecutive uint16 at
 * `random`.
 */
export const sampleBernoulli = defineFunction(
  { at: "i32", end: "i32", random: "i32" },
  ({ at, end, random }, local) => {
    const words = [local("v128"), local("v128")];
    const bernoulli = (r: Code<"v128">, offset: number) => {
      const limit = f32x4.mul(v128.load(at, offset), f32x4.splat(f32.const(65536)));
      const below = f32x4.lt(f32x4.add(r, f32x4.splat(f32.const(0.5))), limit);
      return v128.store(at, v128.and(below, f32x4.splat(f32.const(1))), offset);
    };
    return [
      loop([
        ...words.map((held, i) => held.set(v128.load(random, 16 * i))),
        ...words.flatMap(halves).map((r, i) => bernoulli(r, 16 * i)),
        at.set(i32.add(at, i32.const(4 * GROUP))),
        random.set(i32.add(random, i32.const(2 * GROUP))),
        brIf(0, i32.ltU(at, end)),
      ]),
    ];
  },
);
