import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { install, type Installed } from "./install.ts";
import { refusalOf } from "./outcomes.ts";

// A model that samples in steps and has a likelihood, and no codes but those of its ODE.
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
    [["invert", "run"], "does not decode codes"],
    [["latent", "run"], "does not encode examples"],
    [["denoise", "run"], "has no noise to remove"],
  ])("%j", async (args, lacks) => {
    expect(await refusal(...args)).toContain(
      `run: it lacks what this needs, got a model that ${lacks}, expected one that`,
    );
  });
});

describe("codes by the probability-flow ODE", () => {
  const valuesOf = async (file: string) => (await readNpy((await openFile(join(latentkit.folder, file)))!)).values;
  const run = async (...args: readonly string[]): Promise<void> => {
    expect(await latentkit.run(...args, "--threads", "1", "--json")).toMatchObject({ code: 0, stderr: "" });
  };

  test("lead back to the examples, through files, and by reconstruct", async () => {
    await run("encode", "run", "--count", "9", "--out", "codes.npy");
    await run("decode", "run", "codes.npy", "--out", "decoded.npy");
    await run("reconstruct", "run", "--count", "9", "--out", "reconstructed.npy");
    const decoded = await valuesOf("decoded.npy");
    expect(await valuesOf("reconstructed.npy")).toEqual(decoded);
    await run("interpolate", "run", "--examples", "0,8", "--steps", "3", "--out", "path.npy");
    const path = await valuesOf("path.npy");
    // Rows of linear and spherical interpolation, and of the examples themselves, which have the same ends.
    for (const [place, example] of [
      [0, 0],
      [2, 8],
    ] as const)
      for (const axis of [0, 1])
        for (const row of [0, 1]) {
          expect(Math.abs(path[6 * row + 2 * place + axis]! - path[12 + 2 * place + axis]!)).toBeLessThan(0.01);
          expect(path[6 * row + 2 * place + axis]).toBeCloseTo(decoded[2 * example + axis]!, 5);
        }
  });

  test("of samples of N(0, I) are samples", async () => {
    await run("interpolate", "run", "--from", "prior", "--examples", "0,1", "--out", "between.png");
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
    [
      ["--solver", "adaptive", "--steps", "9"],
      "sample: steps: it does nothing with solver=adaptive, got 9, expected solver to be heun or euler or",
    ],
    [
      ["--tolerance", "0.1"],
      "sample: tolerance: it does nothing with solver=heun, got 0.1, expected solver to be adaptive",
    ],
    [
      ["--solver", "adaptive", "--most-steps", "3"],
      "sample: samples have not arrived, got 64 of 64 with steps left after 3, expected none: a larger tolerance, or more steps",
    ],
    [["--guide", "run"], "--guide: it needs a weight, got none, expected --guidance with one above 1"],
    [
      ["--guidance", "2"],
      "guidance: the model has no condition that may be left out, got 2, expected one trained with",
    ],
    [["--guide", "run@3", "--guidance", "2"], "run: "],
    [["--churn", "5"], "sample: churn: it does nothing with solver=heun, got 5, expected solver to be stochastic"],
  ])("refuses %j", async (flags, message) => {
    expect(await refusal("sample", "run", ...flags)).toContain(message);
  });

  test("tells how many evaluations an adaptive solver took, fewer for a larger tolerance, whatever the number of samples", async () => {
    const told = async (count: string, tolerance: string, out: string) => {
      const flags = ["--solver", "adaptive", "--tolerance", tolerance, "--count", count, "--out", out, "--json"];
      const { code, stdout } = await latentkit.run("sample", "run", ...flags, "--threads", "1");
      expect(code).toBe(0);
      return (JSON.parse(stdout) as { evaluations: { mean: number; most: number } }).evaluations;
    };
    const fine = await told("70", "0.001", "fine.npy");
    const coarse = await told("70", "0.1", "coarse.png");
    expect(coarse.mean).toBeLessThan(fine.mean);
    // One before the first step, three for each.
    expect(fine.most % 3).toBe(1);
    const plain = await latentkit.run("sample", "run", "--solver", "adaptive", "--threads", "1", "--out", "a.npy");
    expect(plain.stdout).toMatch(/^evaluations of a sample: [\d.]+ on average, at most \d+\n/);
  });

  test("is guided away from an earlier checkpoint", async () => {
    const sample = async (...flags: readonly string[]) => {
      const { code, stdout } = await latentkit.run("sample", "run", ...flags, "--json", "--threads", "1");
      expect(code).toBe(0);
      return JSON.parse(stdout) as object;
    };
    expect(await sample("--guide", "run@last", "--guidance", "1", "--out", "one.npy")).toMatchObject({
      guide: "run@last",
      guidance: 1,
    });
    await sample("--out", "alone.npy");
    const valuesOf = async (file: string) => (await readNpy((await openFile(join(latentkit.folder, file)))!)).values;
    expect(await valuesOf("one.npy")).toEqual(await valuesOf("alone.npy"));
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
