import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { install, type Installed, jsonLines } from "./install.ts";
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
  test("--no-ema takes the weights themselves in place of their average, where there is one", async () => {
    const sampled = async (...flags: readonly string[]): Promise<Buffer> => {
      const out = `points${flags.length}.npy`;
      expect((await latentkit.run("sample", "run", "--count", "5", "--out", out, ...flags)).code).toBe(0);
      return readFileSync(join(latentkit.folder, out));
    };
    const [averaged, last] = [await sampled(), await sampled("--no-ema")];
    expect(last.length).toBe(averaged.length);
    expect(last.equals(averaged)).toBe(false);
    await latentkit.run("train", "pca", "--data", "toy:moons:200", "--set", "latentDim=1", "--out", "pca");
    expect(await refusal("sample", "pca", "--no-ema")).toContain(
      "--no-ema: pca has no EMA weights, got a run without --ema, expected one with it",
    );
  });

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

describe("solvers", () => {
  const few = ["--metric", "mmd", "--passes", "1,4", "--solvers", "ddim,heun", "--generated", "20", "--json"];

  test("the values of solvers at numbers of passes are what evaluate finds with them, and a picture of their lines", async () => {
    const [{ points, picture }] = jsonLines((await latentkit.run("solvers", "run", ...few)).stdout) as unknown as [
      {
        readonly points: readonly {
          readonly solver: string;
          readonly steps: number;
          readonly passes: number;
          readonly result: { readonly value: number };
        }[];
        readonly picture: string;
      },
    ];
    // Of two passes a step and one at the end.
    expect(points.map(({ solver, steps, passes }) => [solver, steps, passes])).toEqual([
      ["ddim", 1, 1],
      ["ddim", 4, 4],
      ["heun", 1, 1],
      ["heun", 2, 3],
    ]);
    const sampler = ["--sampler", "steps=2", "--sampler", "solver=heun"];
    const evaluated = await latentkit.run(
      "evaluate",
      "run",
      "--metrics",
      "mmd",
      "--generated",
      "20",
      ...sampler,
      "--json",
    );
    expect(JSON.parse(evaluated.stdout).metrics.mmd.results[0].value).toBe(points[3]!.result.value);
    const svg = readFileSync(join(latentkit.folder, picture), "utf8");
    expect(svg.match(/<path /g)).toHaveLength(2);
  });

  test.each([
    [
      ["--solvers", "euller"],
      "--solvers: unknown solver, got euller, expected some of ancestral, ddim, heun, dpm-solver++",
    ],
    [["--passes", "0"], "--passes: "],
  ])("refuses %j", async (flags, message) => {
    expect(await refusal("solvers", "run", ...flags)).toContain(message);
  });
});

describe("translate", () => {
  test("takes examples of the one source to the other, the same each time", async () => {
    const pairs = "--data pairs:toy:8gaussians:100,toy:moons:200 --set process=flow --set source=source".split(" ");
    const small = "--steps 4 --batch-size 32 --set width=16 --set depth=1 --threads 1".split(" ");
    const trained = await latentkit.run("train", "diffusion", ...pairs, ...small, "--out", "pairs");
    expect(trained.code).toBe(0);
    expect(trained.stdout).toContain("latentkit translate pairs");
    const flags = ["--data", "toy:8gaussians:50", "--examples", "0,1,4", "--steps", "3", "--json", "--threads", "1"];
    const [once, again] = [
      await latentkit.run("translate", "pairs", ...flags, "--out", "once.npy"),
      await latentkit.run("translate", "pairs", ...flags, "--out", "again.npy"),
    ];
    expect(JSON.parse(once.stdout)).toMatchObject({ shape: [3, 2], examples: [0, 1, 4], steps: 3, solver: "heun" });
    expect(again.code).toBe(0);
    const [one, two] = ["once.npy", "again.npy"].map((file) => readFileSync(join(latentkit.folder, file)));
    expect(one).toEqual(two);
    const { code, stdout } = await latentkit.run("translate", "pairs", "--threads", "1");
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "examples and what they become: pairs/samples/translated.png\n",
    });
    const other = ["--data", "digits:50", "--steps", "3"];
    expect(await refusal("translate", "pairs", ...other)).toContain(
      "digits: examples do not fit the model, got [1, 28, 28], expected [2]",
    );
    expect(await refusal("sample", "pairs")).toContain(
      "model: it is of p(x | source), got no source to sample with, expected numbers of shape [2], by latentkit translate or given()",
    );
  });

  test("refuses a model that starts from noise, and data that are no pair", async () => {
    expect(await refusal("translate", "run")).toContain(
      "run: it lacks what this needs, got a model that does not start from examples, expected one that goes from examples of other data to its own",
    );
    expect(await refusal("train", "diffusion", "--data", "pairs:digits", "--out", "none")).toContain(
      'data: not a pair of sources, got "pairs:digits", expected pairs:SOURCE,TARGET',
    );
  });
});
