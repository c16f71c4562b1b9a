import { expect, test } from "vitest";
import { stream } from "../random/index.ts";
import { createDataset } from "./dataset.ts";
import { digitsSource } from "./generators/digits.ts";
import { isBinary, seenSpec } from "./is-binary.ts";
import type { Split } from "./split.ts";

const side = 16;
const size = 400;
/** Images of 16x16 bytes, each pixel by its example and place. */
async function images(of: (example: number, row: number, column: number) => number): Promise<Split> {
  const values = Uint8Array.from({ length: size * side * side }, (_, i) =>
    of(Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side),
  );
  const shape = [1, side, side];
  const dataset = await createDataset({ name: "x", description: "", shape, size, values, range: [0, 255] });
  return { dataset, indices: Uint32Array.from({ length: size }, (_, i) => i) };
}
const random = stream(0, "images");
const noises = Float64Array.from({ length: size }, () => random.uniform());
/** Light from one side, as in a photograph. */
const shaded = (i: number, row: number, column: number): number =>
  255 * Math.min(1, Math.max(0, noises[i]! * (row / side) + 0.5 * (1 - noises[i]!) * (1 + Math.sin(column / 3))));
/** A black disk on white, gray where its edge is. */
const disk = (i: number, row: number, column: number): number =>
  255 * Math.min(1, Math.max(0, Math.hypot(row - 8, column - 8) - 3 - 3 * noises[i]!));

test("digits, with gray at their edges, are about black and white", async () => {
  expect(isBinary((await digitsSource({ size: 100 })).train)).toBe(true);
  expect(isBinary(await images(disk))).toBe(true);
  expect(isBinary(await images((i, row) => (row + i) % 2 && 255))).toBe(true);
});

test("photographs are not, nor what lies between the levels", async () => {
  expect(isBinary(await images(shaded))).toBe(false);
  expect(isBinary(await images(() => 255 * random.uniform()))).toBe(false);
  expect(isBinary(await images(() => 128))).toBe(false);
});

test("the first examples do not decide: a file may be sorted", async () => {
  expect(isBinary(await images((i, row, column) => (i < 200 ? disk : shaded)(i, row, column)))).toBe(false);
});

test("up to a fifth of intensities may be between: 9 % of MNIST's are, 39 % of Fashion-MNIST's", async () => {
  const between = (fraction: number) =>
    images(() => (random.uniform() < fraction ? 100 : 255 * (noises[0]! > 2 ? 1 : 0)));
  expect(isBinary(await between(0.15))).toBe(true);
  expect(isBinary(await between(0.25))).toBe(false);
});

test("presets are chosen by the spec with what was seen, and nothing is seen of real numbers", async () => {
  const split = await images(shaded);
  expect(seenSpec(split)).toMatchObject({ kind: "image", binary: false, range: [0, 255] });
  const numbers = await createDataset({
    name: "x",
    description: "",
    shape: [2],
    size: 2,
    values: Float32Array.of(0, 1, 1, 0),
    range: null,
  });
  expect(seenSpec({ dataset: numbers, indices: Uint32Array.of(0, 1) })).not.toHaveProperty("binary");
});
