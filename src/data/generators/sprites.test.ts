import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Batches } from "../batches.ts";
import { spriteFactors, sprites, spritesSource } from "./sprites.ts";

const all = await sprites();
const image = (shape: number, scale: number, orientation: number, x: number, y: number): Uint8Array => {
  const into = new Uint8Array(64 * 64).fill(7);
  all.values.read(spriteFactors.exampleWith([shape, scale, orientation, x, y]), into);
  return into;
};
const area = (pixels: Uint8Array): number => pixels.reduce((sum, pixel) => sum + pixel, 0);

test("there is one example for each combination of factors", () => {
  expect(all.size).toBe(3 * 6 * 40 * 32 * 32);
  expect(spriteFactors).toMatchObject({
    names: ["shape", "scale", "orientation", "x", "y"],
    sizes: [3, 6, 40, 32, 32],
  });
  for (const example of [0, 1, 31, 32, 123_456, 737_279])
    expect(spriteFactors.exampleWith(spriteFactors.of(example))).toBe(example);
  expect(spriteFactors.of(737_279)).toEqual([2, 5, 39, 31, 31]);
  expect([0, 300_000, 737_279].map((example) => all.labels![example])).toEqual([0, 1, 2]);
});

test("a step in x or y moves the sprite by one pixel, and it never leaves the image", () => {
  for (const shape of [0, 1, 2]) {
    const here = image(shape, 5, 7, 10, 10);
    const right = image(shape, 5, 7, 11, 10);
    const down = image(shape, 5, 7, 10, 11);
    for (let i = 64; i < 64 * 64; i++) {
      expect(right[i]).toBe(here[i - 1]);
      expect(down[i]).toBe(here[i - 64]);
    }
    for (let orientation = 0; orientation < 40; orientation++)
      expect(area(image(shape, 5, orientation, 0, 31))).toBe(area(image(shape, 5, orientation, 16, 16)));
  }
});

test("areas are those of the shapes: 1.8^2, pi 1.3 0.65 and the heart's 3.6620, by the square of the scale", () => {
  // The heart's by quadrature of its width over the height.
  [1.8 ** 2, Math.PI * 1.3 * 0.65, 3.662].forEach((unit, shape) => {
    for (let scale = 0; scale < 6; scale++) {
      const expected = unit * (11 * (0.5 + 0.1 * scale)) ** 2;
      const mean =
        Array.from({ length: 40 }, (_, o) => area(image(shape, scale, o, 3, 3))).reduce((a, b) => a + b) / 40;
      expect(Math.abs(mean / expected - 1)).toBeLessThan(0.02);
    }
  });
});

test("images of half the side count the pixels of each 2 x 2", async () => {
  const half = await sprites(32);
  expect(half).toMatchObject({ shape: [1, 32, 32], size: all.size, range: [0, 4] });
  expect(half.fingerprint).not.toBe(all.fingerprint);
  const into = new Uint8Array(32 * 32).fill(7);
  for (const example of [0, 123_457, 400_000, all.size - 1]) {
    const whole = image(...(spriteFactors.of(example) as [number, number, number, number, number]));
    half.values.read(example, into);
    const counts = new Uint8Array(32 * 32);
    whole.forEach((pixel, i) => (counts[Math.floor(i / 128) * 32 + Math.floor((i % 64) / 2)]! += pixel));
    expect(into).toEqual(counts);
  }
  const source = await spritesSource({ size: 100, side: 32, validation: 10 });
  expect(source.train.dataset.shape).toEqual([1, 32, 32]);
  await expect(spritesSource({ side: 48 })).rejects.toThrow(
    "sprites: no images of this side, got 48, expected 32 or 64",
  );
});

test("orientation turns counter-clockwise, the heart stands upright at 0", () => {
  const heart = image(2, 5, 0, 16, 16);
  const rows = Array.from({ length: 64 }, (_, row) => area(heart.subarray(64 * row, 64 * row + 64)));
  const [top, bottom] = [rows.findIndex((n) => n > 0), rows.findLastIndex((n) => n > 0)];
  expect(rows[bottom]!).toBeLessThan(rows[top]!);
  for (let row = 0; row < 64; row++)
    expect(heart.subarray(64 * row, 64 * row + 64)).toEqual(heart.subarray(64 * row, 64 * row + 64).toReversed());
  // A quarter turn takes the pixel at (column, row) to (row, 63 - column).
  const turned = image(2, 5, 10, 16, 16);
  for (let i = 0; i < 64 * 64; i++) expect(turned[(63 - (i % 64)) * 64 + Math.floor(i / 64)]).toBe(heart[i]);
});

test("neighbors in scale and orientation differ", () => {
  for (const shape of [0, 1, 2])
    for (let scale = 0; scale < 6; scale++) {
      // A square looks alike after a quarter turn, an ellipse after half a turn.
      const turns = [10, 20, 40][shape]!;
      const seen = new Set(Array.from({ length: turns }, (_, o) => image(shape, scale, o, 0, 0).join("")));
      expect(seen.size).toBe(turns);
    }
});

test("the pixels are those of this version", () => {
  const hash = createHash("sha256");
  for (let example = 0; example < all.size; example += 997) {
    const into = new Uint8Array(64 * 64);
    all.values.read(example, into);
    hash.update(into);
  }
  expect(hash.digest("hex")).toMatchInlineSnapshot(
    `"5d4ef812cf89acb9077b806a8b32bd80623e759199de882b1a0c1c6962dd2bb5"`,
  );
});

test("a source holds out what it does not train on", async () => {
  const source = await spritesSource({ size: 1000, validation: 50, seed: 3 });
  const parts = [source.train, source.validation, source.test].map(({ indices }) => Array.from(indices));
  expect(parts.map((indices) => indices.length)).toEqual([1000, 50, 50]);
  expect(new Set(parts.flat()).size).toBe(1100);
  expect((await spritesSource({ size: 1000, validation: 50, seed: 4 })).fingerprint).not.toBe(source.fingerprint);
  const batches = new Batches(source.train, { batchSize: 100, purpose: "training" });
  const x = new Float32Array(100 * 64 * 64);
  batches.fillExamples(x, { epoch: 0, index: 3 });
  const [first] = batches.indices({ epoch: 0, index: 3 });
  expect(x.subarray(0, 4096)).toEqual(
    Float32Array.from(image(...(spriteFactors.of(first!) as [number, number, number, number, number]))),
  );
  await expect(spritesSource({ size: 737_280 })).rejects.toThrow(/too many to hold 73728 out twice/);
  await expect(spritesSource({ size: 737_281 })).rejects.toThrow(/size out of range/);
});
