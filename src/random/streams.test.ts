import { describe, expect, test } from "vitest";
import { ConfigError } from "../errors.ts";
import { fillNormal, fillUniform } from "./fill.ts";
import { Stream, stream, streamKey } from "./streams.ts";

describe("streamKey", () => {
  // From a separate implementation in Python: runs saved by one version resume in the next only while these hold.
  test.each([
    [[0], 0x844515e1, 0xf08d6eaa],
    [[2 ** 53 - 1], 0xdf6b53e8, 0x2898c1fa],
    [[7, "noise", 3, "z"], 0x2e580149, 0x528b2d06],
    [[1, ""], 0x409d5882, 0x7749ba7e],
    [[1, "encoder.layers.0.weight"], 0x89bb5e88, 0xd6fbe98c],
    [[1, "β"], 0xd7fe8040, 0xe8105d5c],
  ] as [[number, ...string[]], number, number][])("of %j", (path, k0, k1) => {
    expect(streamKey(...path)).toEqual({ k0, k1 });
  });

  test("differs for every way of cutting or typing a path, and for adjacent seeds, steps and names", () => {
    const paths: [number, ...(string | number)[]][] = [
      [1],
      [1, ""],
      [1, "", ""],
      [1, "ab"],
      [1, "a", "b"],
      [1, "a\0"],
      [1, "a"],
      [1, 1],
      [1, "1"],
      [1, 1, 1],
      [11],
      [1, 2 ** 32],
      [1, "12345678"],
      [1, "12345678", ""],
      [1, "12345678\0"],
      [1 + 2 ** 32],
    ];
    for (let index = 0; index < 1000; index++) paths.push([2, "noise", index], [3, `weight.${index}`], [100 + index]);
    const keys = new Set(paths.map((path) => Object.values(streamKey(...path)).join()));
    expect(keys.size).toBe(paths.length);
  });

  test("flips half of its 64 bits when a seed changes by one", () => {
    const ones = (word: number) => word.toString(2).replaceAll("0", "").length;
    const flips: number[] = [];
    for (let seed = 0; seed < 1000; seed++) {
      const [a, b] = [streamKey(seed), streamKey(seed + 1)];
      flips.push(ones((a.k0 ^ b.k0) >>> 0) + ones((a.k1 ^ b.k1) >>> 0));
    }
    const mean = flips.reduce((sum, count) => sum + count, 0) / flips.length;
    expect(Math.abs(mean - 32)).toBeLessThan((4 * 4) / Math.sqrt(flips.length)); // the standard deviation of one is 4
    expect(Math.min(...flips)).toBeGreaterThan(32 - 6 * 4);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses %d as a seed and in a path", (value) => {
    expect(() => streamKey(value)).toThrow(ConfigError);
    expect(() => streamKey(0, "step", value)).toThrow(ConfigError);
  });
});

describe("Stream", () => {
  test("gives the samples of fillUniform and fillNormal, in any interleaving", () => {
    const key = streamKey(30);
    const uniform = new Float32Array(1000);
    const normal = new Float32Array(1000);
    fillUniform(uniform, key);
    fillNormal(normal, key);
    const random = new Stream(key);
    for (let i = 0; i < 1000; i++) {
      expect(random.uniform()).toBe(uniform[i]);
      if (i % 3 === 0) expect(random.normal()).toBe(normal[i / 3]);
    }
  });

  test("int is uniform where a plain remainder would favor small values twofold", () => {
    const random = stream(31);
    const [thirds, n, count] = [[0, 0, 0], 3 * 2 ** 30, 30_000];
    for (let i = 0; i < count; i++) thirds[Math.floor(random.int(n) / 2 ** 30)]!++;
    const chiSquare = thirds.reduce((sum, seen) => sum + (seen - count / 3) ** 2 / (count / 3), 0);
    expect(chiSquare).toBeLessThan(9.21); // 1% level, 2 degrees of freedom
  });

  test("int reaches both ends of small and full ranges", () => {
    const random = stream(32);
    const dice = Array.from({ length: 200 }, () => random.int(6));
    expect([Math.min(...dice), Math.max(...dice)]).toEqual([0, 5]);
    expect(random.int(1)).toBe(0);
    const full = Array.from({ length: 200 }, () => random.int(2 ** 32));
    expect(Math.min(...full)).toBeLessThan(2 ** 28);
    expect(Math.max(...full)).toBeGreaterThan(15 * 2 ** 28);
  });

  test("permutation is a bijection, and all orders of four are equally likely", () => {
    const random = stream(33);
    expect(random.permutation(10_007).toSorted()).toEqual(Uint32Array.from({ length: 10_007 }, (_, i) => i));
    expect(random.permutation(0)).toHaveLength(0);
    const orders = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.permutation(4).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    const chiSquare = [...orders.values()].reduce((sum, seen) => sum + (seen - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(41.64); // 1% level, 23 degrees of freedom
  });

  test("refuses bounds it cannot serve", () => {
    const random = stream(34);
    for (const bound of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) expect(() => random.int(bound)).toThrow(ConfigError);
    for (const length of [-1, 1.5, 2 ** 32]) expect(() => random.permutation(length)).toThrow(ConfigError);
  });
});
