import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNpy } from "../../src/data/formats/npy.ts";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { install, type Installed, jsonLines } from "./install.ts";
import { outputOf, refusalOf } from "./outcomes.ts";

let latentkit: Installed;
const inside = (...path: string[]): string => join(latentkit.folder, ...path);

const output = async (...args: readonly string[]): Promise<string> => outputOf(await latentkit.run(...args));
const json = async (...args: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await output(...args, "--json")) as Record<string, unknown>;

/** Runs a command that must fail in one line, and gives back that line. */
const refusal = async (...args: readonly string[]): Promise<string> => refusalOf(await latentkit.run(...args));

/** What a command writes into a .npy file: codes, or digits from 0 to 255, here as intensities. */
async function numbers(...args: readonly string[]): Promise<{ shape: readonly number[]; values: Float32Array }> {
  await output(...args, "--out", "numbers.npy");
  const { shape, values } = await readNpy((await openFile(inside("numbers.npy")))!);
  const scale = args[0] === "encode" ? 1 : 255;
  return { shape, values: Float32Array.from(values, (value) => value / scale) };
}
const pixels = 784;
const picture = (values: Float32Array, i: number): Float32Array => values.subarray(i * pixels, (i + 1) * pixels);
/** Batches of another size sum in another order: the last bits may differ. */
const same = (a: Float32Array, b: Float32Array): void => {
  expect(a.length).toBe(b.length);
  expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThan(1e-5);
};

const small = "--data digits:600 --batch-size 50 --learning-rate 5e-3 --threads 1 --json".split(" ");
const net = ["--set", "network=mlp", "--set", "hiddenDims=64"];
let done: { metrics: { test: Record<string, number> } };

beforeAll(async () => {
  latentkit = install();
  const vae = await output("train", "vae", "--epochs", "4", ...small, ...net, "--set", "latentDim=5", "--out", "vae");
  done = jsonLines(vae).at(-1) as typeof done;
  await output("train", "ae", "--epochs", "4", ...small, ...net, "--set", "latentDim=4", "--out", "ae");
  await output("train", "cvae", "--epochs", "1", ...small, ...net, "--set", "latentDim=3", "--out", "cvae");
});
afterAll(() => latentkit.remove());

describe("sample from a density of the codes", () => {
  test("is fitted once, and kept in the run", async () => {
    const flags = ["sample", "ae", "--count", "10", "--prior", "gmm:3"];
    const first = await json(...flags, "--out", "a.png");
    expect(first).toMatchObject({
      shape: [10, 1, 28, 28],
      prior: { density: "gmm:3", components: 3, codes: 600, converged: true },
    });
    const folder = inside("ae/densities/step-48-gmm-3");
    expect(readdirSync(folder).toSorted()).toEqual(["density.json", "density.safetensors"]);
    const made = statSync(join(folder, "density.safetensors")).mtimeMs;
    expect((await json(...flags, "--out", "b.png"))["prior"]).toEqual(first["prior"]);
    expect(statSync(join(folder, "density.safetensors")).mtimeMs).toBe(made);
    expect(readFileSync(inside("b.png")).equals(readFileSync(inside("a.png")))).toBe(true);
    // Three Gaussians hold the codes better than one, and one with correlations better than one without.
    const fits: unknown[] = [];
    for (const prior of ["gaussian", "full-gaussian"])
      fits.push((await json("sample", "ae", "--prior", prior, "--out", "c.png"))["prior"]);
    fits.push(first["prior"]);
    const [one, full, three] = (fits as { meanLogProb: number }[]).map(({ meanLogProb }) => meanLogProb);
    expect(one!).toBeLessThan(full!);
    expect(full!).toBeLessThan(three!);
  });

  test("is fitted again to other weights, and damage is named", async () => {
    await json("sample", "ae", "--prior", "gmm:2", "--checkpoint", "24", "--out", "c.png");
    expect(existsSync(inside("ae/densities/step-24-gmm-2"))).toBe(true);
    const file = inside("ae/densities/step-24-gmm-2/density.safetensors");
    const bytes = readFileSync(file);
    bytes[bytes.length - 3]! ^= 1;
    writeFileSync(file, bytes);
    expect(await refusal("sample", "ae", "--prior", "gmm:2", "--checkpoint", "24")).toMatch(
      /density\.safetensors: damaged, .*; delete ae\/densities\/step-24-gmm-2 to have it fitted again$/,
    );
    const about = inside("ae/densities/step-24-gmm-2/density.json");
    writeFileSync(about, readFileSync(about, "utf8").replace(/"weights": "../, '"weights": "00'));
    writeFileSync(file, bytes.with(bytes.length - 3, bytes[bytes.length - 3]! ^ 1));
    await json("sample", "ae", "--prior", "gmm:2", "--checkpoint", "24", "--out", "c.png");
    expect(readFileSync(about, "utf8")).not.toMatch(/"weights": "00/);
  });

  test("chooses a number of Gaussians by BIC", async () => {
    const { prior } = (await json("sample", "vae", "--prior", "gmm:auto", "--out", "c.png")) as {
      prior: { components: number };
    };
    expect(prior.components).toBeGreaterThanOrEqual(1);
  });

  test("of a model that learns from labels gives each class its row", async () => {
    expect(await json("sample", "cvae", "--count", "20", "--prior", "gaussian", "--out", "c.png")).toMatchObject({
      shape: [20, 1, 28, 28],
    });
    await json("sample", "cvae", "--count", "3", "--prior", "gaussian", "--label", "7", "--out", "c.png");
  });

  test("gives a map its percentiles", async () => {
    const flags = ["manifold", "ae", "--prior", "gaussian", "--size", "3", "--dims", "1,2"];
    expect(await json(...flags, "--out", "m.png")).toMatchObject({ shape: [9, 1, 28, 28], prior: { components: 1 } });
    // In the middle all dimensions are at their means: samples at temperature 0 are there as well.
    const { values } = await numbers(...flags);
    const cold = await numbers("sample", "ae", "--prior", "gaussian", "--temperature", "0", "--count", "1");
    same(picture(values, 4), cold.values);
  });

  test("of a radius decodes codes of that norm", async () => {
    const near = await numbers("sample", "vae", "--count", "20", "--radius", "1e-3");
    for (let i = 1; i < 20; i++) {
      const apart = Math.max(...picture(near.values, i).map((value, k) => Math.abs(value - near.values[k]!)));
      expect(apart).toBeLessThan(0.01);
    }
    const far = await numbers("sample", "vae", "--count", "20", "--radius", "6");
    expect(picture(far.values, 1)).not.toEqual(picture(far.values, 0));
  });
});

describe("encode and decode", () => {
  test("after each other are a reconstruction", async () => {
    expect(await json("encode", "ae", "--count", "30", "--out", "codes.npy")).toMatchObject({
      shape: [30, 4],
      split: "test",
      take: "mean",
    });
    const decoded = await numbers("decode", "ae", "codes.npy");
    expect(decoded.shape).toEqual([30, 1, 28, 28]);
    same(decoded.values, (await numbers("reconstruct", "ae", "--count", "30")).values);
    await output("decode", "ae", "codes.npy", "--out", "decoded.png");
    expect(decode(readFileSync(inside("decoded.png"))).width).toBe(2 * (6 * 30 + 2));
  });

  test("samples differ from means as the posterior is wide, and by the seed", async () => {
    const take = async (...flags: string[]): Promise<Float32Array> =>
      (await numbers("encode", "vae", "--split", "train", ...flags)).values;
    const [means, samples, others] = [
      await take(),
      await take("--take", "sample"),
      await take("--take", "sample", "--seed", "1"),
    ];
    expect(means.length).toBe(600 * 5);
    const apart = (a: Float32Array, b: Float32Array): number => Math.hypot(...a.map((v, i) => v - b[i]!)) / 600;
    expect(apart(means, samples)).toBeGreaterThan(0.001);
    expect(Math.abs(apart(means, samples) / apart(means, others) - 1)).toBeLessThan(0.1);
    expect(samples).not.toEqual(others);
  });
});

describe("interpolate", () => {
  test("begins and ends at the reconstructions, and in the data at the examples", async () => {
    const { shape, values } = await numbers("interpolate", "ae", "--examples", "2,5,1,7", "--steps", "5");
    expect(shape).toEqual([3, 2, 5, 1, 28, 28]);
    const reconstructions = (await numbers("reconstruct", "ae", "--count", "8")).values;
    const at = (path: number, pair: number, step: number): Float32Array =>
      picture(values, (path * 2 + pair) * 5 + step);
    for (const path of [0, 1])
      [2, 5, 1, 7].forEach((example, i) =>
        same(at(path, Math.floor(i / 2), i % 2 === 0 ? 0 : 4), picture(reconstructions, example)),
      );
    same(
      at(2, 0, 2),
      at(2, 0, 0).map((value, i) => (value + at(2, 0, 4)[i]!) / 2),
    );
    const { examples, ...rest } = await json("interpolate", "ae", "--out", "i.png");
    expect(rest).toMatchObject({ shape: [3, 4, 11, 1, 28, 28], paths: ["linear", "spherical", "data"] });
    expect(new Set(examples as number[]).size).toBe(8);
    const { width, height } = decode(readFileSync(inside("i.png")));
    expect([width, height]).toEqual([2 * (11 * 30 + 2), 2 * (12 * 30 + 2)]);
  });
});

describe("traverse", () => {
  test("orders dimensions by their KL", async () => {
    const { dims } = (await json("traverse", "vae", "--out", "t.png")) as {
      dims: { dim: number; rate: number; low: number; high: number }[];
    };
    expect(new Set(dims.map(({ dim }) => dim))).toEqual(new Set([0, 1, 2, 3, 4]));
    const rates = dims.map(({ rate }) => rate);
    expect(rates).toEqual(rates.toSorted((a, b) => b - a));
    for (const { low, high } of dims) expect(high).toBeGreaterThan(low + 1);
  });

  test("moves one dimension alone, through its range", async () => {
    const flags = ["traverse", "ae", "--example", "3", "--dims", "2,0", "--size", "4"];
    const { shape, values } = await numbers(...flags);
    expect(shape).toEqual([2, 4, 1, 28, 28]);
    const { dims } = (await json(...flags, "--out", "t.png")) as { dims: { low: number; high: number }[] };
    const { values: codes } = await numbers("encode", "ae", "--count", "4");
    const code = codes.slice(12);
    code[2] = dims[0]!.high;
    const [header, data] = encodeNpy([1, 4], code);
    writeFileSync(inside("moved.npy"), Buffer.concat([header, data]));
    same(picture(values, 3), (await numbers("decode", "ae", "moved.npy")).values);
  });
});

describe("analogy", () => {
  test("of a thing to itself is the third", async () => {
    const { shape, values } = await numbers("analogy", "ae", "0", "0", "3", "5", "--strengths", "0,1");
    expect(shape).toEqual([2, 5, 1, 28, 28]);
    const reconstructions = (await numbers("reconstruct", "ae", "--count", "6")).values;
    for (const [place, example] of [
      [3, 3],
      [4, 3],
      [8, 5],
      [9, 5],
    ] as const)
      same(picture(values, place), picture(reconstructions, example));
    // a is to b as b is to b gives a.
    const back = await numbers("analogy", "ae", "1", "4", "4", "--strengths", "1");
    same(picture(back.values, 3), picture(reconstructions, 1));
  });

  test("takes mean codes of classes", async () => {
    expect(await json("analogy", "ae", "class:8", "class:3", "0", "--out", "a.png")).toMatchObject({
      a: "class:8",
      strengths: [0, 0.25, 0.5, 0.75, 1],
      shape: [1, 8, 1, 28, 28],
    });
    const { values } = await numbers("analogy", "ae", "class:8", "class:8", "class:8", "--strengths", "1");
    same(picture(values, 3), picture(values, 0));
    await output("analogy", "cvae", "class:8", "2", "3", "4", "--out", "a.png");
  });
});

describe("walk", () => {
  test("is a film that runs for ever, the same for the same seed", async () => {
    const flags = ["walk", "vae", "--count", "4", "--frames", "6"];
    expect(await json(...flags, "--out", "w.gif")).toMatchObject({ shape: [6, 4, 1, 28, 28], fps: 15 });
    const bytes = readFileSync(inside("w.gif"));
    expect(bytes.toString("latin1", 0, 6)).toBe("GIF89a");
    expect([bytes.readUInt16LE(6), bytes.readUInt16LE(8)]).toEqual([2 * (2 * 30 + 2), 2 * (2 * 30 + 2)]);
    await output(...flags, "--out", "again.gif");
    expect(readFileSync(inside("again.gif")).equals(bytes)).toBe(true);
    const { shape, values } = await numbers(...flags);
    expect(shape).toEqual([6, 4, 1, 28, 28]);
    expect(picture(values, 4)).not.toEqual(picture(values, 0));
  });

  test("follows a density where the model has no N(0, I)", async () => {
    expect(await refusal("walk", "ae")).toBe(
      "ae: the model has no p(z), got none, expected --prior with one of gaussian, full-gaussian, gmm:K, gmm:auto, diagonal-gmm:K or diagonal-gmm:auto",
    );
    await json("walk", "ae", "--prior", "gmm:3", "--count", "4", "--frames", "4", "--out", "w.gif");
    // On small images it learns a prior for each class, and interpolates between samples of it.
    await json("walk", "cvae", "--count", "4", "--frames", "4", "--out", "w.gif");
    await json("walk", "cvae", "--prior", "gmm:3", "--count", "4", "--frames", "4", "--out", "w.gif");
  });
});

describe("latent", () => {
  test("has a rate of each unit, together that of the test metrics", async () => {
    const report = (await json("latent", "vae", "--out", "l.svg")) as {
      rate: number;
      active: number;
      units: { rate: number; activity: number }[];
    };
    expect(report.rate).toBeCloseTo(done.metrics.test["rate"]!, 3);
    expect(report.units.reduce((sum, { rate }) => sum + rate, 0)).toBeCloseTo(report.rate, 9);
    expect(readFileSync(inside("l.svg"), "utf8")).toMatch(/^<svg .*KL of each unit.*<\/svg>\n$/s);
    expect(await output("latent", "vae")).toMatch(/^\d of 5 units active, .* nats together; test split, 60 examples/);
  });

  test("says of a model without rates how its codes vary", async () => {
    const report = await json("latent", "ae", "--out", "l.svg");
    expect(report).not.toHaveProperty("rate");
    expect(report["active"]).toBe(4);
  });

  test("names a posterior that has collapsed, and the dials of its model", async () => {
    await output("train", "vae", "--epochs", "2", ...small, ...net, "--set", "beta=300", "--out", "collapsed");
    const { active, findings } = (await json("latent", "collapsed", "--out", "l.svg")) as {
      active: number;
      findings: { finding: string; remedy: string }[];
    };
    expect(active).toBe(0);
    expect(findings[0]!.finding).toBe("posterior-collapse");
    expect(findings[0]!.remedy).toContain("--set beta below 300");
    expect(await output("latent", "collapsed")).toMatch(/\nposterior-collapse: 0 of \d+ latent dimensions carry /);
  });
});

describe("wrong input", () => {
  test.each([
    [
      ["sample", "ae"],
      /^ae: [^,]+, got a model that has no p\(z\) to sample from, expected --prior with one of gaussian, /,
    ],
    [
      ["sample", "ae", "--prior", "gmm"],
      /^density: unknown density, got "gmm", expected gaussian, .*, K from 1 to 999$/,
    ],
    [
      ["sample", "ae", "--prior", "gmm:900"],
      "density: more Gaussians than training examples, got gmm:900 for 600 examples, expected fewer",
    ],
    [
      ["sample", "vae", "--radius", "2", "--temperature", "1"],
      "--radius: it replaces --temperature, got both, expected one of them",
    ],
    [
      ["manifold", "ae"],
      /^ae: the model has no p\(z\) to take percentiles of, got none, expected --prior gaussian or /,
    ],
    [["interpolate", "vae", "--examples", "1,2,3"], "--examples: not pairs, got 3 examples, expected an even number"],
    [["interpolate", "vae", "--examples", "1,60"], "--examples: no such example, got 60, expected 0 to 59"],
    [["traverse", "vae", "--dims", "5"], "--dims: not a dimension of this model, got 5, expected 0 to 4"],
    [["traverse", "vae", "--example", "60"], "--example: no such example, got 60, expected 0 to 59"],
    [["analogy", "vae", "0", "x", "1"], /^analogy: neither an example nor a class, got "x", expected /],
    [["analogy", "vae", "0", "class:77", "1"], /^analogy: no examples of the class, got "77", expected one of 0, 1, /],
    [["decode", "vae", "none.npy"], "none.npy: no such file, got nothing to read, expected a .npy file of codes"],
    [
      ["decode", "cvae", "three.npy"],
      /^model: it is of p\(x \| class\), got no class to decode with, expected a class from 0 to 9, by --label or given\(\)$/,
    ],
    [["decode", "vae", "three.npy"], "three.npy: not codes of this model, got shape [2, 3], expected [count, 5]"],
    [["decode", "cvae", "nan.npy", "--label", "1"], "nan.npy: a code is not finite, expected numbers"],
    [["latent", "vae", "--out", "x.png"], '--out: unknown file type, got "x.png", expected a name that ends in .svg'],
  ])("%j is refused", async (args, expected) => {
    const write = (name: string, value: number): void => {
      const [header, data] = encodeNpy([2, 3], new Float32Array(6).fill(value));
      writeFileSync(inside(name), Buffer.concat([header, data]));
    };
    write("three.npy", 1);
    write("nan.npy", Number.NaN);
    expect(await refusal(...args)).toEqual(expected instanceof RegExp ? expect.stringMatching(expected) : expected);
  });
});
