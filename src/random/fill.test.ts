import { describe, expect, test } from "vitest";
import { ConfigError } from "../errors.ts";
import { fillNormal, fillUint32, fillUniform, PhiloxFiller } from "./fill.ts";
import { philox4x32, type StreamKey } from "./philox.ts";
import { stream, streamKey } from "./streams.ts";

/** Word i of the stream, by the reference implementation; sequence 0 holds words and uniforms, 1 normals. */
function referenceWords(count: number, key: StreamKey, offset: number, sequence: 0 | 1): Uint32Array {
  const words = new Uint32Array(4 * Math.ceil(count / 4));
  for (let at = 0; at < count; at += 4) {
    const block = offset + at / 4;
    words.set(philox4x32([block % 2 ** 32, Math.floor(block / 2 ** 32), 0, sequence], key), at);
  }
  return words.subarray(0, count);
}

/** Box-Muller in float64 of the two words that make samples 2i and 2i + 1. */
function boxMuller(word0: number, word1: number): [number, number] {
  const u = Math.fround(Math.fround((word0 >>> 1) * 2 ** -31) + 2 ** -32);
  const radius = Math.sqrt(-2 * Math.log(u)) * (word1 >>> 31 === 0 ? 1 : -1);
  const angle = ((word1 << 2) / 2 ** 32) * (Math.PI / 2);
  const [x, y] = [radius * Math.cos(angle), radius * Math.sin(angle)];
  return ((word1 >>> 30) & 1) === 0 ? [x, y] : [y, x];
}

/** Standard normal distribution function (Marsaglia 2004, "Evaluating the normal distribution"): exact to float64 for |x| < 6. */
function normalCdf(x: number): number {
  let sum = x;
  let term = x;
  for (let odd = 3; Math.abs(term) > 1e-17; odd += 2) sum += term *= (x * x) / odd;
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

const key = streamKey(20, "fill");
const lengths = [0, 1, 3, 4, 5, 15, 16, 17, 63, 4095, 4096, 4097, 9001];
const offsets = [0, 1, 2, 7, 2 ** 32 - 3, 2 ** 32, 2 ** 53 - 2 ** 20];

describe("the SIMD kernel equals the reference bit for bit", () => {
  test.each(lengths)("at length %d, random keys and offsets on both sides of 2^32 blocks", (length) => {
    const keys = stream(21, "keys", length);
    for (const offset of [...offsets, keys.int(2 ** 32)]) {
      const key = { k0: keys.int(2 ** 32), k1: keys.int(2 ** 32) };
      const expected = referenceWords(length, key, offset, 0);
      const words = new Uint32Array(length);
      fillUint32(words, key, offset);
      expect(words).toEqual(expected);
      const uniform = new Float32Array(length);
      fillUniform(uniform, key, offset);
      expect(uniform).toEqual(Float32Array.from(expected, (word) => (word >>> 8) / 2 ** 24));
    }
  });

  test("and writes in place in a caller's memory, whatever the alignment and length, and after growth", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const filler = new PhiloxFiller(memory);
    for (const length of lengths) {
      const all = new Float32Array(memory.buffer).fill(-7);
      const expected = new Float32Array(length);
      fillNormal(expected, key, 5);
      filler.fillNormal(all.subarray(3, 3 + length), key, 5);
      expect(all.subarray(3, 3 + length)).toEqual(expected);
      expect(all.subarray(0, 3)).toEqual(new Float32Array(3).fill(-7));
      expect(all.subarray(3 + length).every((value) => value === -7)).toBe(true);
    }
    memory.grow(1);
    const [inPlace, copied] = [new Uint32Array(memory.buffer, 64, 20_000), new Uint32Array(20_000)];
    filler.fillUint32(inPlace, key);
    filler.fillUint32(copied, key);
    expect(inPlace).toEqual(referenceWords(20_000, key, 0, 0));
    expect(copied).toEqual(inPlace);
  });
});

test("an offset continues the stream where a shorter fill stopped", () => {
  const whole = new Float32Array(1000);
  fillNormal(whole, key);
  const rest = new Float32Array(1000 - 4 * 37);
  fillNormal(rest, key, 37);
  expect(rest).toEqual(whole.subarray(4 * 37));
});

test.each([-1, 0.5, Number.NaN, 2 ** 53])("block offset %d is refused", (offset) => {
  expect(() => fillUint32(new Uint32Array(4), key, offset)).toThrow(ConfigError);
});

describe("normals", () => {
  test("equal float64 Box-Muller of the same uniforms to 5e-7 of their size", () => {
    const count = 2 ** 20;
    const normals = new Float32Array(count);
    fillNormal(normals, key);
    const words = referenceWords(count, key, 0, 1);
    let worst = 0;
    for (let at = 0; at < count; at += 2)
      for (const [lane, exact] of boxMuller(words[at]!, words[at + 1]!).entries())
        worst = Math.max(worst, Math.abs(normals[at + lane]! - exact) / Math.abs(exact));
    expect(worst).toBeLessThan(5e-7);
  });

  test("are the bits an independent float32 implementation (NumPy) gives", () => {
    const normals = new Float32Array(2 ** 18);
    fillNormal(normals, streamKey(1, "normal"));
    let hash = 0;
    for (const bits of new Uint32Array(normals.buffer)) hash = (Math.imul(hash, 31) + bits) >>> 0;
    expect(hash).toBe(0x59b16b2c);
  });

  test("have the moments of N(0, 1) within 4 standard errors, and odd-even pairs do not correlate", () => {
    const count = 2 ** 20;
    const normals = new Float32Array(count);
    fillNormal(normals, streamKey(22, "moments"));
    const mean = (f: (x: number, i: number) => number) => normals.reduce((sum, x, i) => sum + f(x, i), 0) / count;
    // E[x^p] and the variance of x^p, from E[x^2p] = (2p - 1)!!
    const moments = [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
      [6, 15, 10_170],
    ] as const;
    for (const [power, expected, variance] of moments)
      expect(Math.abs(mean((x) => x ** power) - expected), `E[x^${power}]`).toBeLessThan(
        4 * Math.sqrt(variance / count),
      );
    expect(Math.abs(mean((x, i) => x * normals[i ^ 1]!))).toBeLessThan(4 * Math.sqrt(2 / count)); // each pair counts twice
    expect(Math.abs(mean((x, i) => (x * x - 1) * (normals[i ^ 1]! ** 2 - 1)))).toBeLessThan(4 * Math.sqrt(8 / count));
  });

  test("pass Kolmogorov-Smirnov against the exact distribution at the 1% level", () => {
    const count = 100_003;
    const normals = new Float32Array(count);
    fillNormal(normals, streamKey(23, "ks"));
    normals.sort();
    let distance = 0;
    for (const [rank, x] of normals.entries()) {
      const cdf = normalCdf(x);
      distance = Math.max(distance, cdf - rank / count, (rank + 1) / count - cdf);
    }
    expect(distance * Math.sqrt(count)).toBeLessThan(1.628);
  });

  test("reach beyond 5.5 sigma as often as they should", () => {
    const chunk = new Float32Array(2 ** 20);
    const chunks = 64;
    const beyond = new Map([3, 4, 5].map((sigma) => [sigma, 0]));
    let largest = 0;
    for (let index = 0; index < chunks; index++) {
      fillNormal(chunk, streamKey(24, "tail"), index * (chunk.length / 4));
      for (const x of chunk) {
        const size = Math.abs(x);
        if (size <= 3) continue;
        largest = Math.max(largest, size);
        for (const [sigma, count] of beyond) if (size > sigma) beyond.set(sigma, count + 1);
      }
    }
    for (const [sigma, count] of beyond) {
      const expected = chunks * chunk.length * 2 * (1 - normalCdf(sigma));
      expect(Math.abs(count - expected) / Math.sqrt(expected), `beyond ${sigma}`).toBeLessThan(4); // Poisson
    }
    expect(largest).toBeGreaterThan(5.5); // 2.5 expected
  });
});

test("uniforms fill 1024 equal bins: chi-square within 3 standard deviations of its mean", () => {
  const uniform = new Float32Array(2 ** 20);
  fillUniform(uniform, streamKey(25, "bins"));
  const bins = new Float64Array(1024);
  for (const u of uniform) bins[Math.floor(u * 1024)]!++;
  const chiSquare = bins.reduce((sum, count) => sum + (count - 1024) ** 2 / 1024, 0);
  expect(Math.abs(chiSquare - 1023)).toBeLessThan(3 * Math.sqrt(2 * 1023));
});

test("streams of adjacent seeds, steps and names do not correlate", () => {
  const count = 2 ** 16;
  const keys = [
    streamKey(0),
    streamKey(1),
    streamKey(2),
    streamKey(1, 0),
    streamKey(1, 1),
    streamKey(1, "a"),
    streamKey(1, "b"),
  ];
  const streams = keys.map((key) => {
    const normals = new Float32Array(count);
    fillNormal(normals, key);
    return normals;
  });
  for (const [i, x] of streams.entries())
    for (const [j, y] of streams.slice(i + 1).entries()) {
      const correlation = x.reduce((sum, value, at) => sum + value * y[at]!, 0) / count;
      expect(Math.abs(correlation) * Math.sqrt(count), `streams ${i} and ${i + 1 + j}`).toBeLessThan(4);
    }
});
