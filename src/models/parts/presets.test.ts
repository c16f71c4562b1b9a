import { expect, test } from "vitest";
import { dataSpec } from "../../data/spec.ts";
import type { Preset } from "../definition.ts";
import { smallImages } from "../vaes/cvae.ts";
import { likelihoodPresets, networkPresets } from "./presets.ts";

const suiting = (presets: readonly Preset[], shape: readonly number[], more = {}): readonly string[] =>
  presets.filter(({ fits }) => fits(dataSpec(shape, more))).map(({ suits }) => suits);

test.each([
  [[2], ["points in the plane"]],
  [[3], []],
  [[1, 28, 28], []],
  [[1, 32, 32], ["images of at least 32x32, sides divisible by 8"]],
  [[1, 40, 32], ["images of at least 32x32, sides divisible by 8"]],
  [[1, 36, 32], []],
  [[1, 32, 24], []],
  [[2, 28, 28], ["photographs"]],
  [
    [3, 64, 64],
    ["images of at least 32x32, sides divisible by 8", "photographs"],
  ],
])("networks for examples of shape [%j] are those of %j", (shape, expected) => {
  expect(suiting(networkPresets, shape)).toEqual(expected);
});

test.each([
  [[1, 28, 28], true],
  [[1, 31, 31], true],
  [[1, 32, 28], false],
  [[1, 28, 32], false],
  [[28], false],
])("a conditional VAE has settings for small images, of shape [%j]: %s", (shape, fits) => {
  expect(smallImages.fits(dataSpec(shape))).toBe(fits);
});

const between = ["intensities between black and white"];
test.each([
  [[1, 28, 28], {}, []],
  [[1, 28, 28], { binary: true }, []],
  [[1, 28, 28], { binary: false }, between],
  [[2, 28, 28], {}, between],
  [[5], {}, []],
  [[5], { binary: false }, between],
  [[5], { kind: "table", range: null }, ["rows of a table"]],
  [[5], { range: null }, ["real numbers"]],
])("likelihoods for examples of shape [%j], %j, are those of %j", (shape, more, expected) => {
  expect(suiting(likelihoodPresets, shape, more)).toEqual(expected);
});

test("gray images that are not binary are photographs, and rows of a table train longer", () => {
  expect(suiting(networkPresets, [1, 28, 28], { binary: false })).toEqual(["photographs"]);
  expect(suiting(networkPresets, [1, 28, 28], { binary: true })).toEqual([]);
  expect(suiting(networkPresets, [5], { kind: "table", range: null })).toEqual(["tables of at most 20,000 rows"]);
});
