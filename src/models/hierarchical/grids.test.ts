import { describe, expect, test } from "vitest";
import { dataSpec } from "../../data/spec.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, Input } from "../../graph/tensor.ts";
import { evaluation } from "../../nn/context.ts";
import { pooled, resolutions, upsampled } from "./grids.ts";
import { ladderVAE } from "./ladder.ts";
import { nvae } from "./nvae.ts";
import { vdvae } from "./vdvae.ts";

describe("resolutions, the coarsest first", () => {
  test.each([
    [[28, 28], 6, "1x1 2x2 4x4 7x7 14x14 28x28"],
    [[28, 28], 3, "1x1 14x14 28x28"],
    [[32, 32], 6, "1x1 2x2 4x4 8x8 16x16 32x32"],
    [[9, 6], 4, "1x1 2x3 3x5 6x9"],
    [[1, 5], 2, "1x1 5x1"],
  ] as const)("of %j, %i", (finest, count, expected) => {
    expect(
      resolutions(finest, count)
        .map(([height, width]) => `${width}x${height}`)
        .join(" "),
    ).toBe(expected);
  });

  test("more than there are name those that there are", () => {
    expect(() => resolutions([7, 5], 5)).toThrow(
      "latents: more resolutions than images of 5x7 have, got a list of 5, expected at most 4: 1x1, 2x2, 3x4, 5x7",
    );
  });
});

const grid = (...shape: readonly number[]) =>
  constant(
    Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i),
    [1, 1, ...shape],
  );

test("pooling averages blocks of 2x2, an odd last row and column twice, and all positions at the top", () => {
  expect(evaluate([pooled(grid(3, 3), [2, 2])])[0]!.data.map(Number)).toEqual(
    // Of 0..8: (0 + 1 + 3 + 4) / 4, (2 + 5) / 2, (6 + 7) / 2, 8.
    Float64Array.of(2, 3.5, 6.5, 8).map(Number),
  );
  expect([...evaluate([pooled(grid(1, 4), [1, 2])])[0]!.data]).toEqual([0.5, 2.5]);
  expect([...evaluate([pooled(grid(2, 3), [1, 1])])[0]!.data]).toEqual([2.5]);
});

test("up-sampling repeats the nearest, as far as the finer resolution reaches", () => {
  expect([...evaluate([upsampled(grid(2, 2), [3, 4])])[0]!.data]).toEqual([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3]);
  expect([...evaluate([upsampled(grid(1, 1), [2, 3])])[0]!.data]).toEqual([0, 0, 0, 0, 0, 0]);
});

describe.each([
  ["vdvae", (config: object, shape: readonly number[]) => vdvae.build(vdvae.config.parse(config), dataSpec(shape))],
  ["nvae", (config: object, shape: readonly number[]) => nvae.build(nvae.config.parse(config), dataSpec(shape))],
] as const)("%s", (name, make) => {
  const build = (shape: readonly number[], config: object) => make({ width: 4, latentChannels: 2, ...config }, shape);

  test("takes images of odd and unequal sides, in color and in patches", () => {
    for (const [shape, config, last] of [
      [[1, 7, 9], { latents: [1, 1, 1, 1] }, [2, 7, 9]],
      [[3, 6, 4], { latents: [1, 2], patch: 2 }, [2, 3, 2]],
      [[1, 8, 2], { latents: [2, 0, 1] }, [2, 8, 2]],
    ] as const) {
      const model = build(shape, config);
      const x = new Input("x", [2, ...shape]);
      expect(model.reconstruct!(x, evaluation).shape).toEqual(x.shape);
      expect(model.latents![0]!.shape).toEqual([2]);
      expect(model.latents!.at(-1)!.shape).toEqual(last);
    }
  });

  test("refuses in one line what is no image, cannot be cut, and has no latent", () => {
    expect(() => build([12], {})).toThrow(
      `model: ${name} is of images, got examples of shape [12], expected [channels, height, width]; ladder-vae is for others too`,
    );
    expect(() => build([1, 7, 9], { patch: 2 })).toThrow(/^patch: [^\n]+got 2 for images of 9x7[^\n]+$/);
    expect(() => build([1, 8, 8], { latents: [0, 0] })).toThrow("latents: none, got 0,0, expected at least one");
    expect(() => build([1, 8, 8], { latents: [1, 1, 1, 1, 1] })).toThrow(
      /^latents: more resolutions than images of 8x8/,
    );
  });
});

test("ladder-vae wants a width for each latent", () => {
  expect(() => ladderVAE.build(ladderVAE.config.parse({ hiddenDims: [8, 8] }), dataSpec([5]))).toThrow(
    "hiddenDims: one width for each latent, got 2 for 5 latents (latentDims=4,8,16,32,64), expected 5",
  );
});
