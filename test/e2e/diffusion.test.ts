import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install, type Installed } from "./install.ts";
import { refusalOf } from "./outcomes.ts";

// A model that samples in steps and has a likelihood, but no codes.
let latentkit: Installed;
beforeAll(async () => {
  latentkit = install();
  const small = "--data toy:moons:200 --steps 4 --batch-size 32 --set width=16 --set depth=1".split(" ");
  expect((await latentkit.run("train", "diffusion", ...small, "--threads", "1", "--out", "run")).code).toBe(0);
});
afterAll(() => latentkit.remove());

/** Runs a command that must fail in one line, and gives back that line. */
const refusal = async (...args: readonly string[]): Promise<string> =>
  refusalOf(await latentkit.run(...args, "--threads", "1"));

describe("tools on codes name the run and what its model lacks", () => {
  test.each([
    [["manifold", "run"], "does not decode codes"],
    [["walk", "run"], "does not decode codes"],
    [["traverse", "run"], "does not decode codes"],
    [["decode", "run", "codes.npy"], "does not decode codes"],
    [["interpolate", "run"], "does not decode codes"],
    [["invert", "run"], "does not decode codes"],
    [["encode", "run"], "does not encode examples"],
    [["reconstruct", "run"], "does not reconstruct examples"],
    [["denoise", "run"], "has no noise to remove"],
  ])("%j", async (args, lacks) => {
    expect(await refusal(...args)).toContain(
      `run: it lacks what this needs, got a model that ${lacks}, expected one that`,
    );
  });
});

describe("sample", () => {
  test.each([
    [["--solver", "euller"], '--solver: not a value it takes, got "euller", expected one of heun, euler'],
    [["--steps", "0"], '--steps: not a value it takes, got "0", expected an integer from 1 to 10000'],
    [["--film", "way.png"], '--film: unknown file type, got "way.png", expected a name that ends in .gif or .webp'],
    [
      ["--film", "way.gif", "--out", "points.npy"],
      "--film: it goes with a picture of the samples, got --out points.npy, expected a .png file",
    ],
    [["--film", "way.gif", "--steps", "1"], "film: there is no way to show, got a model that samples in one step"],
    [["--churn", "5"], "sample: churn: it does nothing with solver=heun, got 5, expected solver to be stochastic"],
  ])("refuses %j", async (flags, message) => {
    expect(await refusal("sample", "run", ...flags)).toContain(message);
  });

  test("films the way from noise to the samples", async () => {
    const flags = ["--film", "way.gif", "--steps", "5", "--count", "70", "--out", "points.png", "--json"];
    const { code, stdout } = await latentkit.run("sample", "run", ...flags, "--threads", "1");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ file: "points.png", film: "way.gif", steps: 5 });
    const { pages, loop } = await sharp(join(latentkit.folder, "way.gif")).metadata();
    expect({ pages, loop }).toEqual({ pages: 5, loop: 0 });
  });
});
