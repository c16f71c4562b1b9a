import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { root } from "../page-program.ts";
import { install, type Installed } from "./install.ts";
import { refusalOf } from "./outcomes.ts";

// Every tool on one model that samples and decodes but does not encode: a WGAN-GP of few steps.
let latentkit: Installed;
const inside = (...path: string[]): string => join(latentkit.folder, ...path);
const wgan = join(root, "examples/wgan-gp.ts");
const small = "--data digits:300 --batch-size 20 --steps 30 --threads 1 --device cpu --set latentDim=4".split(" ");
const examples = 30;

beforeAll(async () => {
  latentkit = install();
  expect((await latentkit.run("train", wgan, ...small, "--out", "gan")).code).toBe(0);
});
afterAll(() => latentkit.remove());

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await latentkit.run(...args, "--threads", "1", "--json");
  // A command of more than two seconds says how far it is.
  expect({ code, stderr: stderr.replaceAll(/^[^\n:]+: \d+ of \d+\n/gm, "") }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** What a command writes into a .npy file. */
async function numbers(...args: readonly string[]): Promise<{ shape: readonly number[]; values: Float32Array }> {
  await json(...args, "--out", "numbers.npy");
  return written("numbers.npy");
}
async function written(file: string): Promise<{ shape: readonly number[]; values: Float32Array }> {
  const { shape, values } = await readNpy((await openFile(inside(file)))!);
  return { shape, values: Float32Array.from(values) };
}

/** Runs a command that must fail in one line, and gives back that line. */
const refusal = async (...args: readonly string[]): Promise<string> =>
  refusalOf(await latentkit.run(...args, "--threads", "1"));

const pixels = 784;
const picture = (values: Float32Array, i: number): Float32Array => values.subarray(i * pixels, (i + 1) * pixels);
/** Bytes: batches of another size sum in another order. */
const same = (a: Float32Array, b: Float32Array): void =>
  expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThan(0.01);

describe("from samples of the prior", () => {
  let samples: Float32Array;
  beforeAll(async () => {
    samples = (await numbers("sample", "gan", "--count", "8", "--seed", "2")).values;
  });

  test("interpolate begins and ends at what sample shows by the same number", async () => {
    const flags = ["interpolate", "gan", "--seed", "2", "--steps", "3"];
    expect(await json(...flags, "--out", "i.png")).toMatchObject({
      from: "prior",
      seed: 2,
      examples: [0, 1, 2, 3, 4, 5, 6, 7],
    });
    const { shape, values } = await numbers(...flags, "--examples", "6,1");
    expect(shape).toEqual([3, 1, 3, 1, 28, 28]);
    for (let path = 0; path < 3; path++) {
      same(picture(values, 3 * path), picture(samples, 6));
      same(picture(values, 3 * path + 2), picture(samples, 1));
    }
    // In the middle: of the last path, of the pictures; of the first, of the codes.
    const middle = picture(samples, 6).map((value, i) => (value + picture(samples, 1)[i]!) / 2);
    same(picture(values, 7), middle);
    expect(Math.max(...picture(values, 1).map((value, i) => Math.abs(value - middle[i]!)))).toBeGreaterThan(1);
  });

  test("analogy adds a - b to c", async () => {
    const { shape, values } = await numbers("analogy", "gan", "4", "5", "5", "--seed", "2", "--strengths", "0,1");
    expect(shape).toEqual([1, 5, 1, 28, 28]);
    [4, 5, 5, 5, 4].forEach((sample, i) => same(picture(values, i), picture(samples, sample)));
  });

  test("traverse varies each dimension over the prior, what changes the sample most first", async () => {
    const flags = ["traverse", "gan", "--seed", "2", "--example", "3", "--size", "2"];
    const { dims } = (await json(...flags, "--out", "t.png")) as {
      dims: { dim: number; change: number; low: number; high: number }[];
    };
    expect(new Set(dims.map(({ dim }) => dim))).toEqual(new Set([0, 1, 2, 3]));
    expect(dims.map(({ change }) => change)).toEqual(dims.map(({ change }) => change).toSorted((a, b) => b - a));
    // The percentiles of N(0, 1), of 2000 samples: standard error 0.08.
    for (const { low, high } of dims) expect([low, high]).toEqual([expect.closeTo(-2.33, 0), expect.closeTo(2.33, 0)]);
    const { values } = await numbers(...flags);
    const [first, second] = [picture(values, 0), picture(values, 1)];
    const change = first.reduce((total, value, i) => total + ((value - second[i]!) / 255) ** 2, 0) / pixels;
    expect(dims[0]!.change).toBeCloseTo(change, 5);
  });

  test("sample, walk and manifold", async () => {
    for (const option of ["--radius", "--temperature"])
      expect(await json("sample", "gan", "--count", "4", option, "0.5", "--out", "s.png")).toMatchObject({
        shape: [4, 1, 28, 28],
      });
    expect(await json("walk", "gan", "--count", "2", "--frames", "3", "--out", "w.gif")).toMatchObject({
      shape: [3, 2, 1, 28, 28],
    });
    expect(await json("manifold", "gan", "--size", "2", "--out", "m.png")).toMatchObject({
      dims: [0, 1],
      shape: [4, 1, 28, 28],
    });
  });

  test("a file of codes in their place, as invert writes it", async () => {
    await json("invert", "gan", "--count", "3", "--steps", "5", "--out", "found.npy");
    const decoded = (await numbers("decode", "gan", "found.npy")).values;
    expect(await json("interpolate", "gan", "--from", "found.npy", "--out", "i.png")).toMatchObject({
      from: "found.npy",
      examples: [0, 1],
    });
    const { values } = await numbers("analogy", "gan", "2", "0", "0", "--from", "found.npy", "--strengths", "1");
    same(picture(values, 3), picture(decoded, 2));
    expect(await refusal("interpolate", "gan", "--from", "found.npy", "--examples", "0,3")).toBe(
      "--examples: no such point, got 3, expected 0 to 2",
    );
    expect(await refusal("traverse", "gan", "--from", "i.png")).toBe(
      '--from: unknown points, got "i.png", expected examples, prior or a .npy file of codes',
    );
  });
});

describe("what needs an encoder, a likelihood or reconstructions is refused with what to use instead", () => {
  const inversion = "; latentkit invert, or invertCodes(), finds codes of examples by optimization";
  const samples =
    "expected one of parzen, frechet, kid, inception-score, class-balance, precision-recall, mmd, c2st, memorization";
  test.each<readonly [string, string]>([
    ["encode gan", `expected one that encodes examples${inversion}`],
    ["reconstruct gan", `expected one that reconstructs examples${inversion}`],
    ["interpolate gan --from examples", `expected one that encodes examples${inversion}`],
    [
      "traverse gan --data digits:20",
      '--data: no examples are encoded, got points from "prior", expected none; latentkit invert finds codes of examples, for --from FILE.npy',
    ],
    [
      "analogy gan class:3 class:5 1",
      'analogy: the mean code of a class is of encoded examples, got "class:3" of other points, expected an index',
    ],
    ["latent gan", "expected one that encodes examples; latentkit traverse shows what each dimension changes"],
    ["sample gan --prior gmm:3", "expected no density of codes: the model samples its own p(z)"],
    ["manifold gan --prior gaussian", "expected no density of codes: the model samples its own p(z)"],
    ["score gan", "expected one of them; latentkit invert gives the error of each example at its nearest code"],
    ["evaluate gan", "expected --metrics of samples, such as frechet,kid"],
    ["evaluate gan --metrics likelihood,rate", samples],
  ])("%s", async (line, expected) => {
    expect(await refusal(...line.split(" "))).toSatisfy((message: string) => message.endsWith(expected));
  });
});

/** With nothing to encode by, no density and no classes. */
const impossible = [
  "scores likelihood annealing bits-per-dimension active-units rate mig disentanglement total-variation table-quality",
  "class-accuracy frechet-reconstruction reconstruction density modes",
].flatMap((names) => names.split(" "));

test("every metric of samples is computed, beside those that cannot be", async () => {
  const able = ["precision-recall", "mmd", "c2st", "memorization"];
  const asked = [...able, ...impossible].join();
  const found = (await json("evaluate", "gan", "--metrics", asked, "--generated", "40", "--extractor", "raw")) as {
    metrics: Record<string, { failed?: string; results: { value: number }[] }>;
  };
  const failed = Object.entries(found.metrics).flatMap(([name, { failed: why }]) => (why === undefined ? [] : [name]));
  expect(failed.toSorted()).toEqual(impossible.toSorted());
  for (const name of able) expect(found.metrics[name]!.results.every(({ value }) => Number.isFinite(value))).toBe(true);
});

test("report and compare show samples and interpolations between them", async () => {
  expect(await latentkit.run("report", "gan")).toMatchObject({ code: 0, stderr: "" });
  const flags = "--generated 40 --extractor raw --priors own --metrics kid --out both --json".split(" ");
  expect(await latentkit.run("compare", "gan", ...flags)).toMatchObject({ code: 0 });
  const page = readFileSync(inside("both/report.html"), "utf8");
  for (const title of ["samples, own p(z)", "interpolations"]) expect(page).toContain(`<th>${title}</th>`);
});

describe("invert", () => {
  test("finds the codes of the generator's own images, which decode to them", async () => {
    await json("sample", "gan", "--count", "5", "--out", "own.npy");
    const found = await json("invert", "gan", "--data", "own.npy", "--out", "codes.npy");
    expect(found).toMatchObject({
      file: "codes.npy",
      index: "codes.index.csv",
      picture: "codes.png",
      shape: [5, 4],
      split: "all",
      starts: 4,
    });
    const [own, again] = [await written("own.npy"), await numbers("decode", "gan", "codes.npy")];
    expect(again.shape).toEqual([5, 1, 28, 28]);
    // Files hold bytes from 0 to 255, of which the first images differ by about 30; errors are of intensities from 0 to 1.
    const error =
      own.values.reduce((total, value, i) => total + (value - again.values[i]!) ** 2, 0) / own.values.length;
    expect(error).toBeLessThan(0.01);
    expect((found["mse"] as number) * 255 ** 2).toBeCloseTo(error, 2);
    const { height, width } = decode(readFileSync(inside("codes.png")));
    // Originals, inversions and their difference: digits twice as large, 4 pixels apart.
    expect([height, width]).toEqual([3 * 56 + 4 * 4, 5 * 56 + 6 * 4]);
  });

  test("says which examples codes are of, and their errors as evaluate gives them", async () => {
    const flags = ["invert", "gan", "--count", "3", "--steps", "20"];
    const found = await json(...flags, "--out", "codes.csv");
    const [head, ...rows] = readFileSync(inside("codes.csv"), "utf8").trimEnd().split("\n");
    expect(head).toBe("example,class,mse,psnr,z0,z1,z2,z3");
    const values = rows.map((row) => row.split(",").map(Number));
    expect(values.map(([example]) => example)).toEqual([0, 1, 2]);
    for (const [, , mse, psnr] of values) expect(psnr).toBeCloseTo(-10 * Math.log10(mse!), 3);
    expect(found["mse"]).toBeCloseTo(values.reduce((total, [, , mse]) => total + mse!, 0) / 3, 6);
    // The same seed gives the same codes, whatever their number.
    const { values: two } = await numbers("invert", "gan", "--count", "2", "--steps", "20");
    expect(Array.from(two)).toEqual(values.slice(0, 2).flatMap((row) => row.slice(4)));
    const other = await numbers(...flags, "--seed", "1");
    expect(other.values).not.toEqual(two);
    expect((await json("invert", "gan", "--steps", "1", "--starts", "1", "--out", "all.npy"))["shape"]).toEqual([
      examples,
      4,
    ]);
  });

  test("is refused in one line for a file that holds no codes, before the run is loaded", async () => {
    expect(await latentkit.run("invert", "nowhere", "--out", "x.png")).toEqual({
      code: 2,
      signal: null,
      stdout: "",
      stderr: 'latentkit: --out: unknown file type, got "x.png", expected a name that ends in .npy or .csv\n',
    });
  });
});
