import { describe, expect, test } from "vitest";
import { ConfigError } from "../../errors.ts";
import { findModel } from "../../models/registry.ts";
import { parseSpace, pointsOf } from "./search-space.ts";

const vae = findModel("vae");
const points = (pairs: readonly string[], trials?: number, seed = 0) =>
  pointsOf(parseSpace(vae, pairs), { trials, seed });

describe("settings to search", () => {
  test("a grid has every combination once", () => {
    const grid = points(["latentDim=2,8", "hiddenDims=100,50/200", "learningRate=1e-3,0.01"]);
    expect(new Set(grid.map((point) => JSON.stringify(Object.entries(point)))).size).toBe(8);
    expect(grid).toContainEqual({ latentDim: "8", hiddenDims: "100,50", learningRate: "0.01" });
  });

  test("settings of the model whose codes another is trained on, and of its training, are found there", () => {
    const space = parseSpace(findModel("diffusion"), [
      "codes.latentDim=2,8",
      "codes.steps=100..200",
      "channels=8,16/8",
    ]);
    expect(space).toEqual([
      { key: "codes.latentDim", values: ["2", "8"] },
      { key: "codes.steps", low: 100, high: 200, log: false, whole: true },
      { key: "channels", values: ["8,16", "8"] },
    ]);
    expect(() => parseSpace(findModel("diffusion"), ["codes.latentdim=2"])).toThrow(/did you mean codes.latentDim/);
    expect(() => parseSpace(findModel("diffusion"), ["codes.latentDim=x"])).toThrow(
      /^--set codes.latentDim: not a value/,
    );
    expect(() => parseSpace(vae, ["codes.latentDim=2"])).toThrow(/^--set codes.latentDim: unknown setting/);
  });

  test("some of a grid are different ones, the same by the same seed", () => {
    const some = points(["latentDim=2,4,8,16", "beta=1,2"], 5);
    expect(new Set(some.map((point) => JSON.stringify(point))).size).toBe(5);
    expect(points(["latentDim=2,4,8,16", "beta=1,2"], 5)).toEqual(some);
    expect(points(["latentDim=2,4,8,16", "beta=1,2"], 5, 1)).not.toEqual(some);
  });

  test("ranges are sampled within their ends, whole numbers and both of them too", () => {
    const sampled = points(["latentDim=4..6", "learningRate=1e-4..1e-2:log"], 300);
    const dims = sampled.map(({ latentDim }) => Number(latentDim));
    // Each of three has 100 of 300, give or take 5 standard deviations of 8.2.
    for (const dim of [4, 5, 6]) expect(Math.abs(dims.filter((each) => each === dim).length - 100)).toBeLessThan(41);
    const rates = sampled.map(({ learningRate }) => Number(learningRate));
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e-2);
    // Half of them are below the geometric mean.
    expect(Math.abs(rates.filter((rate) => rate < 1e-3).length - 150)).toBeLessThan(44);
  });

  test("more trials begin with the same ones", () => {
    const few = points(["latentDim=4..64:log", "beta=1,4"], 3);
    expect(points(["latentDim=4..64:log", "beta=1,4"], 7).slice(0, 3)).toEqual(few);
  });

  test.each([
    [["latentdim=2,4"], /^--set latentdim: unknown setting, got "latentdim", .*; did you mean latentDim\?$/],
    [["latentDim=2,x"], /^--set latentDim: not a value it takes, got "x", expected an integer from 1/],
    [["latentDim=8..2"], /^--set latentDim: not a range, got 8\.\.2, expected low\.\.high/],
    [["beta=0..4:log"], /^--set beta: not a range, got 0\.\.4:log, .*from above 0$/],
    [["latentDim=2..8"], /^--trials: a range is not a finite grid, got none for latentDim, expected a number$/],
    [["latentDim"], /^--set: not a setting, got "latentDim", expected key=value$/],
  ])("refuses %j in one line", (pairs, message) => {
    const wrong = (): unknown => points(pairs);
    expect(wrong).toThrow(ConfigError);
    expect(wrong).toThrow(message);
  });
});
