import { brIf, f32, f32x4, i32, i32x4, i64x2, loop, v128, when, type Code } from "../wasm/instructions.ts";
import { defineFunction, type DeclareLocal, type Local, type WasmFunction } from "../wasm/module.ts";
import { PHILOX } from "./philox.ts";

type Vector = Local<"v128">;
type Operand = Code<"v128">;

/** Kinds of samples that the kernel makes from the words of each block. */
export const SAMPLE = { uint32: 0, uniform: 1, normal: 2 } as const;
/** Samples written at a time: four blocks, one per SIMD lane, of four words each. */
export const GROUP = 16;

const integers = (value: number) => i32x4.splat(i32.const(value));
const floats = (value: number) => f32x4.splat(f32.const(value));

/** Polynomial coefficients, lowest power first, as locals set once before the loop. */
function constants(values: readonly number[], local: DeclareLocal, setup: Code<"none">[]): Vector[] {
  return values.map((value) => {
    const held = local("v128");
    setup.push(held.set(floats(value)));
    return held;
  });
}

/** Horner's scheme. */
function polynomial(x: Operand, coefficients: readonly Operand[]): Operand {
  return coefficients.reduceRight((sum, coefficient) => f32x4.add(f32x4.mul(sum, x), coefficient));
}

/** The ten rounds of Philox4x32 on four counters at once; `words[i]` holds word i of each, `key0` and `key1` the key of the first round. */
function philoxRounds(
  words: readonly [Vector, Vector, Vector, Vector],
  key0: Vector,
  key1: Vector,
  local: DeclareLocal,
  setup: Code<"none">[],
) {
  const [c0, c1, c2, c3] = words;
  const [m0, m1, w0, w1] = [PHILOX.m0, PHILOX.m1, PHILOX.w0, PHILOX.w1].map((value) => {
    const held = local("v128");
    setup.push(held.set(integers(value)));
    return held;
  }) as [Vector, Vector, Vector, Vector];
  const [low0, high0, low1, high1] = [local("v128"), local("v128"), local("v128"), local("v128")];
  const round = [
    low0.set(i64x2.extmulLowU32(c0, m0)),
    high0.set(i64x2.extmulHighU32(c0, m0)),
    low1.set(i64x2.extmulLowU32(c2, m1)),
    high1.set(i64x2.extmulHighU32(c2, m1)),
    c0.set(v128.xor(v128.xor(c1, key0), v128.shuffle32(low1, high1, [1, 3, 5, 7]))),
    c1.set(v128.shuffle32(low1, high1, [0, 2, 4, 6])),
    c2.set(v128.xor(v128.xor(c3, key1), v128.shuffle32(low0, high0, [1, 3, 5, 7]))),
    c3.set(v128.shuffle32(low0, high0, [0, 2, 4, 6])),
  ];
  const nextKey = [key0.set(i32x4.add(key0, w0)), key1.set(i32x4.add(key1, w1))];
  return Array.from({ length: PHILOX.rounds }, (_, index) => (index === 0 ? round : [...nextKey, ...round])).flat();
}

/** The top 24 bits of each word times 2^-24: every value is exact and below 1. */
const toUniform = (word: Vector) =>
  word.set(f32x4.mul(f32x4.convertI32x4S(i32x4.shrU(word, i32.const(8))), floats(2 ** -24)));

/**
 * Box-Muller: two words become two normals, sqrt(-2 log u) times a point of the unit circle. Logarithm, sine and cosine are float32 polynomials
 * (add, mul and sqrt only, no fused operations), so samples are bit-identical on every engine.
 *
 * u = ((word0 >> 1) + 1/2) 2^-31 in float32, within [2^-32, 1]: radii reach 6.66. The low 30 bits of word1 are an angle in [-pi/4, pi/4), bit 30
 * reflects across the diagonal, bit 31 negates the point: together they cover the circle.
 * Samples agree with float64 Box-Muller of the same u and angle to a relative error of 5e-7. Float32 u has steps of 2^-24 just below 1, so
 * the smallest radii are 0 and 3.5e-4.
 */
function boxMuller(local: DeclareLocal, setup: Code<"none">[]) {
  // log(1 + f) = f - f^2/2 + f^3 P(f), f in [sqrt(1/2) - 1, sqrt(2) - 1]: minimax, relative error 3.1e-8
  const logCoefficients = constants(
    [0.33333910737, -0.25001337037, 0.19963063804, -0.16577584673, 0.14914767878, -0.14267486971, 0.08700435915],
    local,
    setup,
  );
  // sin(pi y / 2) = y S(y^2), |y| <= 1/2: relative error 3.2e-9
  const sinCoefficients = constants([1.57079632171, -0.64596346032, 0.07968003347, -0.00460165947], local, setup);
  // cos(pi y / 2) = C(y^2), |y| <= 1/2: relative error 3.8e-8
  const cosCoefficients = constants([1, -1.23369770636, 0.25360321113, -0.02041728303], local, setup);
  const [u, exponent, f, radius, y, y2, sine, cosine, swap] = Array.from({ length: 9 }, () => local("v128")) as [
    Vector,
    Vector,
    Vector,
    Vector,
    Vector,
    Vector,
    Vector,
    Vector,
    Vector,
  ];
  return (word0: Vector, word1: Vector): Code<"none">[] => [
    u.set(
      f32x4.add(f32x4.mul(f32x4.convertI32x4S(i32x4.shrU(word0, i32.const(1))), floats(2 ** -31)), floats(2 ** -32)),
    ),
    // u = 2^exponent (1 + f): 0x3f3504f3 is sqrt(1/2)
    exponent.set(i32x4.shrS(i32x4.sub(u, integers(0x3f3504f3)), i32.const(23))),
    f.set(f32x4.sub(i32x4.sub(u, i32x4.shl(exponent, i32.const(23))), floats(1))),
    radius.set(f32x4.sub(f32x4.mul(f, polynomial(f, logCoefficients)), floats(0.5))),
    radius.set(f32x4.add(f32x4.mul(f32x4.mul(f, f), radius), f)),
    radius.set(f32x4.add(radius, f32x4.mul(f32x4.convertI32x4S(exponent), floats(Math.LN2)))),
    radius.set(f32x4.sqrt(f32x4.mul(radius, floats(-2)))),
    radius.set(v128.xor(radius, v128.and(word1, integers(0x80000000)))),
    y.set(f32x4.mul(f32x4.convertI32x4S(i32x4.shl(word1, i32.const(2))), floats(2 ** -32))),
    y2.set(f32x4.mul(y, y)),
    sine.set(f32x4.mul(y, polynomial(y2, sinCoefficients))),
    cosine.set(polynomial(y2, cosCoefficients)),
    swap.set(v128.and(v128.xor(sine, cosine), i32x4.shrS(i32x4.shl(word1, i32.const(1)), i32.const(31)))),
    word0.set(f32x4.mul(radius, v128.xor(cosine, swap))),
    word1.set(f32x4.mul(radius, v128.xor(sine, swap))),
  ];
}

/** Stores the words block by block: the transpose of `words`, whose lanes are blocks. */
function storeBlocks(
  out: Local<"i32">,
  [c0, c1, c2, c3]: readonly [Vector, Vector, Vector, Vector],
  local: DeclareLocal,
) {
  const [low01, low23, high01, high23] = [local("v128"), local("v128"), local("v128"), local("v128")];
  return [
    low01.set(v128.shuffle32(c0, c1, [0, 4, 1, 5])),
    low23.set(v128.shuffle32(c2, c3, [0, 4, 1, 5])),
    high01.set(v128.shuffle32(c0, c1, [2, 6, 3, 7])),
    high23.set(v128.shuffle32(c2, c3, [2, 6, 3, 7])),
    v128.store(out, v128.shuffle32(low01, low23, [0, 1, 4, 5]), 0),
    v128.store(out, v128.shuffle32(low01, low23, [2, 3, 6, 7]), 16),
    v128.store(out, v128.shuffle32(high01, high23, [0, 1, 4, 5]), 32),
    v128.store(out, v128.shuffle32(high01, high23, [2, 3, 6, 7]), 48),
  ];
}

/**
 * Fills memory from `out` to `end` (at least one group, whole groups of 64 bytes) with samples of kind `sample`. The block counter starts at the
 * 64-bit `low`, `high`; the counter's third word is 0, and its fourth separates normals (1) from words and uniforms (0), so that they never share
 * bits.
 */
export function fillKernel(): WasmFunction {
  return defineFunction(
    { sample: "i32", out: "i32", end: "i32", low: "i32", high: "i32", k0: "i32", k1: "i32" },
    ({ sample, out, end, low, high, k0, k1 }, local) => {
      const setup: Code<"none">[] = [];
      const words = [local("v128"), local("v128"), local("v128"), local("v128")] as const;
      const [counterLow, counterHigh, key0, key1] = [local("v128"), local("v128"), local("v128"), local("v128")];
      const rounds = philoxRounds(words, key0, key1, local, setup);
      const toNormal = boxMuller(local, setup);
      // Comparison gives -1 in lanes whose low word has wrapped around.
      const lanes = i32x4.const([0, 1, 2, 3]);
      setup.push(
        counterLow.set(i32x4.add(i32x4.splat(low), lanes)),
        counterHigh.set(i32x4.sub(i32x4.splat(high), i32x4.ltU(counterLow, lanes))),
      );
      return [
        ...setup,
        loop([
          words[0].set(counterLow),
          words[1].set(counterHigh),
          words[2].set(integers(0)),
          words[3].set(i32x4.splat(i32.eq(sample, i32.const(SAMPLE.normal)))),
          key0.set(i32x4.splat(k0)),
          key1.set(i32x4.splat(k1)),
          ...rounds,
          when(i32.eq(sample, i32.const(SAMPLE.uniform)), words.map(toUniform)),
          when(i32.eq(sample, i32.const(SAMPLE.normal)), [
            ...toNormal(words[0], words[1]),
            ...toNormal(words[2], words[3]),
          ]),
          ...storeBlocks(out, words, local),
          counterLow.set(i32x4.add(counterLow, integers(4))),
          counterHigh.set(i32x4.sub(counterHigh, i32x4.ltU(counterLow, integers(4)))),
          brIf(0, i32.ltU(out.tee(i32.add(out, i32.const(4 * GROUP))), end)),
        ]),
      ];
    },
  );
}
