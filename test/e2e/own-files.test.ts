/** What people have: tables, arrays and images in files of their own, row by row. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNpy } from "../../src/data/formats/npy.ts";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { stream } from "../../src/random/index.ts";
import { install, type Installed, jsonLines } from "./install.ts";

let latentkit: Installed;
let cache = "";
const inside = (...path: string[]): string => join(latentkit.folder, ...path);
const quick = "--steps 40 --batch-size 20 --set hiddenDims=16 --set latentDim=2 --threads 1 --json".split(" ");

const npy = (name: string, shape: readonly number[], values: Float32Array): void =>
  writeFileSync(inside(name), Buffer.concat(encodeNpy(shape, values)));

/** A NumPy array of another type, little-endian. */
function typedNpy(name: string, type: string, shape: readonly number[], bytes: Uint8Array): void {
  const head = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117);
  const start = Uint8Array.of(0x93, ...Buffer.from("NUMPY"), 1, 0, 118, 0);
  writeFileSync(inside(name), Buffer.concat([start, Buffer.from(`${head}\n`), bytes]));
}

beforeAll(async () => {
  cache = mkdtempSync(join(tmpdir(), "latentkit-cache-"));
  process.env["LATENTKIT_CACHE"] = cache;
  latentkit = install();
  const rows = Array.from({ length: 200 }, (_, i) => `${i},${2 * i}`);
  writeFileSync(inside("ordered.csv"), `i,twice\n${rows.join("\n")}\n`);
  writeFileSync(inside("one-row.csv"), "i,twice\n7,14\n");
  const few = Array.from({ length: 199 }, (_, i) => `${(i * 37) % 100}.5,common`);
  const classes = [...few, "3.5,rare", ...few.slice(0, 150).map((row) => row.replace("common", "second"))];
  writeFileSync(inside("classes.csv"), `a,y\n${classes.join("\n")}\n`);
  // Pressure, temperature, concentration: correlated, in raw units.
  const random = stream(0, "sensors");
  const sensors = Float32Array.from(
    Array.from({ length: 400 }, () => {
      const common = random.normal();
      return [101_325 + 800 * common, 20 + 5 * common + random.normal(), 0.002 + 5e-4 * random.normal()];
    }).flat(),
  );
  npy("sensors.npy", [400, 3], sensors);
  const bits = Uint8Array.from({ length: 200 * 12 }, () => Number(random.uniform() < 0.3));
  typedNpy("binary.npy", "|u1", [200, 12], bits);
  const twelveBits = Uint16Array.from({ length: 100 * 64 }, (_, i) => (i * 97) % 4096);
  typedNpy("full.npy", "<u2", [100, 8, 8], new Uint8Array(twelveBits.buffer));
  typedNpy("half.npy", "<u2", [100, 8, 8], new Uint8Array(twelveBits.map((v) => v >> 1).buffer));
  for (const label of ["cat", "dog"]) {
    mkdirSync(inside("pets", label), { recursive: true });
    for (let i = 0; i < 20; i++) {
      const pixels = Buffer.from(Array.from({ length: 12 * 16 }, (_, at) => (at * 7 + 40 * i) % 256));
      const image = sharp(pixels, { raw: { width: 12, height: 16, channels: 1 } }).toColourspace("b-w");
      await image.png().toFile(inside("pets", label, `${String(i).padStart(2, "0")}.png`));
    }
  }
});
afterAll(async () => {
  delete process.env["LATENTKIT_CACHE"];
  rmSync(cache, { recursive: true });
  await latentkit.remove();
});

async function printedBy(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await latentkit.run(...args);
  expect({ code, stderr: stderr.replaceAll(/likelihood of \d+ of \d+ examples\n/g, "") }).toEqual({
    code: 0,
    stderr: "",
  });
  return jsonLines(stdout).at(-1)!;
}
const lines = (file: string): readonly string[] => readFileSync(inside(file), "utf8").trimEnd().split("\n");
const array = async (file: string) => readNpy((await openFile(inside(file)))!);

describe("every row of another file, in its order", () => {
  beforeAll(async () => {
    await printedBy("train", "vae", "--data", "ordered.csv", "--out", "ordered", ...quick);
  });

  test("is scored, encoded and reconstructed", async () => {
    await printedBy("score", "ordered", "--data", "ordered.csv", "--samples", "5", "--out", "scores.csv", "--json");
    const [head, ...rows] = lines("scores.csv");
    expect(head).toBe("example,negElbo,nll,typicality,reconstruction,latent");
    expect(rows.map((row) => row.split(",")[0])).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
    await printedBy("encode", "ordered", "--data", "ordered.csv", "--out", "codes.csv", "--json");
    expect(lines("codes.csv")[0]).toBe("example,z0,z1");
    expect(lines("codes.csv")).toHaveLength(201);
    await printedBy("reconstruct", "ordered", "--data", "ordered.csv", "--out", "again.csv", "--json");
    expect(lines("again.csv")).toHaveLength(201);
  });

  test("may be one row, and the score of a row does not depend on the others", async () => {
    const one = await printedBy("score", "ordered", "--data", "one-row.csv", "--scores", "reconstruction", "--json");
    expect(one).toMatchObject({ examples: 1, split: "all" });
    const all = ["--data", "ordered.csv", "--scores", "reconstruction", "--out", "all.csv", "--json"];
    await printedBy("score", "ordered", ...all);
    const last = (row: string | undefined): number => Number(row?.split(",").at(-1));
    expect(last(lines("ordered/samples/scores.csv")[1])).toBeCloseTo(last(lines("all.csv")[8]), 5);
  });

  test("is of a part where --split names one, with the rows it is of", async () => {
    const part = await printedBy(
      "encode",
      "ordered",
      "--data",
      "ordered.csv",
      "--split",
      "test",
      "--out",
      "t.csv",
      "--json",
    );
    expect(part).toMatchObject({ split: "test", shape: [20, 2] });
    expect(lines("t.csv")[0]).toBe("example,row,z0,z1");
    const own = await printedBy("encode", "ordered", "--json");
    expect(own).toMatchObject({ split: "test", index: "ordered/samples/codes.index.csv" });
  });
});

test("text that a spreadsheet would run is escaped where that is asked for, in every table that is written", async () => {
  const rows = Array.from({ length: 60 }, (_, i) => `${i - 30.5},${["=1+1", "-", "@x"][i % 3]!}`);
  writeFileSync(inside("formulas.csv"), `=a,+b\n${rows.join("\n")}\n`);
  await printedBy("train", "vae", "--data", "formulas.csv", "--condition", "+b", "--out", "formulas", ...quick);
  await printedBy("train", "vae", "--data", "formulas.csv", "--out", "both", ...quick);
  const fieldsOf = async (...args: readonly string[]): Promise<ReadonlySet<string>> => {
    await printedBy(...args, "--out", "t.csv", "--json");
    return new Set(lines("t.csv").flatMap((line) => line.split(",")));
  };
  const data = ["--data", "formulas.csv"];
  for (const args of [
    ["sample", "both", "--count", "200"],
    ["reconstruct", "both", ...data],
    ["interpolate", "both"],
  ]) {
    const [plain, escaped] = [await fieldsOf(...args), await fieldsOf(...args, "--escape-formulas")];
    expect([...plain].some((field) => field.startsWith("="))).toBe(true);
    expect([...plain].some((field) => field.startsWith("'"))).toBe(false);
    // Numbers below 0 stay.
    const begin = [...escaped].filter((field) => /^[-=+@]/.test(field));
    expect(begin.filter((field) => !/^-\d/.test(field))).toEqual([]);
    expect([...escaped]).toEqual(expect.arrayContaining(["'=a", "'+b"]));
  }
  for (const command of ["encode", "score"]) {
    const escaped = await fieldsOf(command, "formulas", ...data, "--escape-formulas");
    expect([...escaped].filter((field) => /^[=+@]/.test(field))).toEqual([]);
  }
});

test("images are named by their files, and may be a single one", async () => {
  await printedBy("train", "vae", "--data", "pets", "--out", "pets-run", ...quick);
  expect(
    await printedBy("score", "pets-run", "--data", "pets", "--samples", "2", "--out", "pets.csv", "--json"),
  ).toMatchObject({ examples: 40 });
  expect(lines("pets.csv")[0]).toMatch(/^example,file,class,negElbo,/);
  expect(lines("pets.csv")[21]).toMatch(/^20,dog\/00\.png,dog,/);
  const one = ["--data", "pets/cat/03.png", "--out", "one.csv", "--json"];
  expect(await printedBy("encode", "pets-run", ...one)).toMatchObject({ shape: [1, 2] });
  const { code, stderr } = await latentkit.run("train", "vae", "--data", "pets/cat/03.png", "--out", "no");
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/^latentkit: pets\/cat\/03\.png: a single image, got one file, [^\n]*\n$/),
  });
});

describe("arrays", () => {
  test("of raw units train, and their samples are in those units", async () => {
    const done = await printedBy("train", "vae", "--data", "sensors.npy", "--out", "sensors", ...quick);
    expect(done).toMatchObject({ event: "done" });
    expect(await printedBy("sample", "sensors", "--count", "300", "--json")).toMatchObject({
      file: "sensors/samples/samples.npy",
    });
    const values = Float32Array.from((await array("sensors/samples/samples.npy")).values);
    const means = [0, 1, 2].map((k) => values.filter((_, i) => i % 3 === k).reduce((sum, v) => sum + v / 300, 0));
    expect(Math.abs(means[0]! - 101_325)).toBeLessThan(1000);
    expect(Math.abs(means[1]! - 20)).toBeLessThan(6);
    expect(Math.abs(means[2]! - 0.002)).toBeLessThan(6e-4);
    const shown = await printedBy("data", "show", "sensors.npy", "--json");
    expect((shown["columns"] as { mean: number }[])[0]!.mean).toBeGreaterThan(100_000);
  });

  test("are read by the range of the run, and come back in it", async () => {
    await printedBy("train", "vae", "--data", "full.npy", "--out", "twelve", ...quick);
    for (const name of ["full", "half"])
      await printedBy("encode", "twelve", "--data", `${name}.npy`, "--out", `${name}-codes.npy`, "--json");
    expect((await array("full-codes.npy")).values).not.toEqual((await array("half-codes.npy")).values);
    await printedBy("reconstruct", "twelve", "--data", "full.npy", "--out", "back.npy", "--json");
    const { shape, values } = await array("back.npy");
    expect(shape).toEqual([100, 1, 8, 8]);
    expect(Math.max(...values)).toBeGreaterThan(500);
    // What it writes it can read.
    expect(await printedBy("score", "twelve", "--data", "back.npy", "--samples", "2", "--json")).toMatchObject({
      examples: 100,
    });
  });

  test("of zeros and ones are sampled as such", async () => {
    await printedBy("train", "vae", "--data", "binary.npy", "--out", "binary", ...quick);
    await printedBy("sample", "binary", "--count", "50", "--json");
    const { values } = await array("binary/samples/samples.npy");
    expect(new Set(values)).toEqual(new Set([0, 1]));
    await printedBy("sample", "binary", "--count", "5", "--show", "means", "--json");
    expect((await array("binary/samples/samples.npy")).values.some((v) => v > 0 && v < 1)).toBe(true);
  });
});

describe("conditional samples", () => {
  beforeAll(async () => {
    await printedBy("train", "cvae", "--data", "classes.csv", "--condition", "y", "--out", "classes", ...quick);
  });
  const classes = (file: string): readonly string[] =>
    lines(file)
      .slice(1)
      .map((row) => row.split(",")[1]!);

  test("have their class in its column, as often as the data", async () => {
    await printedBy("sample", "classes", "--count", "70", "--out", "seventy.csv", "--json");
    expect(lines("seventy.csv")[0]).toBe("a,y");
    const counts = ["common", "second", "rare"].map((name) => classes("seventy.csv").filter((c) => c === name).length);
    expect(counts).toEqual([40, 30, 0]);
  });

  test("are of the class that --label names", async () => {
    await printedBy("sample", "classes", "--count", "5", "--label", "rare", "--out", "rare.csv", "--json");
    expect(classes("rare.csv")).toEqual(["rare", "rare", "rare", "rare", "rare"]);
  });

  test("need labels, which a message says how to get", async () => {
    const { code, stderr } = await latentkit.run("train", "cvae", "--data", "classes.csv", "--out", "no");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^latentkit: [^\n]*a table with --condition COLUMN, or a folder of images for each class\n$/,
    );
  });
});

test("more samples than fit a picture are written piece by piece, and do not depend on their number", async () => {
  await printedBy("train", "vae", "--data", "ordered.csv", "--out", "many", ...quick);
  await printedBy("sample", "many", "--count", "110000", "--out", "many.csv", "--json");
  await printedBy("sample", "many", "--count", "20000", "--out", "fewer.csv", "--json");
  const all = lines("many.csv");
  expect(all).toHaveLength(110_001);
  expect(all.slice(0, 20_001)).toEqual(lines("fewer.csv"));
  await printedBy("sample", "many", "--count", "40000", "--prior", "gaussian", "--out", "prior.csv", "--json");
  await printedBy("sample", "many", "--count", "17000", "--prior", "gaussian", "--out", "prior-few.csv", "--json");
  expect(lines("prior.csv").slice(0, 17_001)).toEqual(lines("prior-few.csv"));
  const { code, stderr } = await latentkit.run("sample", "pets-run", "--count", "100001");
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr:
      "latentkit: --count: too many samples for a picture, got 100001, expected at most 100000, or --out with a file of .npy\n",
  });
});

describe("the commands that training suggests run as they are", () => {
  test.each([
    ["vae", "digits:200"],
    ["dae", "toy:moons:300"],
    ["vae", "ordered.csv"],
    ["cvae", "digits:200"],
    ["vae", "sensors.npy"],
    ["dae", "sensors.npy"],
    ["vae", "binary.npy"],
    ["ae", "binary.npy"],
  ])("%s on %s", async (model, data) => {
    const out = `next-${model}-${data.replaceAll(/\W/g, "-")}`;
    const done = await printedBy("train", model, "--data", data, "--out", out, ...quick);
    const next = done["next"] as readonly string[];
    expect(next.length).toBeGreaterThan(0);
    for (const command of next) {
      const [, ...args] = command.split(" ");
      const { code, stderr } = await latentkit.run(...args);
      expect({ command, code, stderr: code === 0 ? "" : stderr }).toEqual({ command, code: 0, stderr: "" });
    }
    // A model without a p(z) can be sampled by a density of its codes.
    if (model === "ae") expect(next[0]).toMatch(/ sample .* --prior gmm:auto$/);
  });
});

test("a traversal of a table says which dimension has which value", async () => {
  await printedBy("traverse", "ordered", "--size", "3", "--dims", "1", "--json");
  const rows = lines("ordered/samples/traversal.csv").map((row) => row.split(","));
  expect(rows[0]!.slice(0, 2)).toEqual(["dimension", "value"]);
  expect(rows.slice(1).map(([dimension]) => dimension)).toEqual(["1", "1", "1"]);
  const values = rows.slice(1).map(([, value]) => Number(value));
  expect(values[1]).toBeCloseTo((values[0]! + values[2]!) / 2, 4);
});

test("a comparison on unlabeled images keeps what it has, with the reason for each dash", async () => {
  mkdirSync(inside("plain"));
  for (let i = 0; i < 40; i++)
    writeFileSync(
      inside("plain", `${i}.png`),
      await sharp({ create: { width: 8, height: 8, channels: 3, background: { r: 6 * i, g: 6 * i, b: 6 * i } } })
        .toColourspace("b-w")
        .png()
        .toBuffer(),
    );
  const args = ["ae", "vae", "cvae", "--data", "plain", "--batch-size", "10", "--steps", "5", "--threads", "1"];
  const small = ["--samples", "2", "--generated", "20", "--set", "latentDim=2"];
  const { code, stdout } = await latentkit.run("compare", ...args, ...small, "--priors", "own,gaussian");
  expect(code).toBe(0);
  const row = (name: string): readonly string[] =>
    stdout
      .split("\n")
      .find((line) => line.startsWith(`${name} `))!
      .split(/ {2,}/);
  // Reconstructions, own p(z), gaussian, midpoints, nll, what it is of log p(x), mse, parameters, training.
  expect(row("vae").slice(1, 5)).toEqual(["-", "-", "-", "-"]);
  expect(Number(row("vae")[5])).toBeGreaterThan(0);
  expect(row("vae")[6]).toBe("2 samples of z per example");
  expect(Number(row("ae")[7])).toBeGreaterThan(0);
  expect(row("cvae").slice(1)).toEqual(Array.from({ length: 9 }, () => "-"));
  expect(stdout).toMatch(/^No frechet: small-28: learns from labeled images.* \(ae, vae\)\.$/m);
  expect(stdout).toMatch(/^No training: .*conditioned on labels.* \(cvae\)\.$/m);
  expect(stdout).toContain("runs/comparison-plain/report.html");
});

test("names that people bring from elsewhere are known", async () => {
  const data = ["--data", "ordered.csv", "--out", "lr", "--steps", "2", "--batch-size", "20"];
  await printedBy("train", "vae", ...data, "--lr", "5e-3", "--threads", "1", "--json");
  const { training } = JSON.parse(readFileSync(inside("lr/run.json"), "utf8")) as { training: object };
  expect(training).toMatchObject({ learningRate: 5e-3 });
  const { stderr } = await latentkit.run("train", "vae", "--data", "ordered.csv", "--device=gpu", "--steps", "1");
  expect(stderr).not.toContain("not a value it takes");
});

test.each([
  ["weights.pkl", "a Python pickle"],
  ["data.h5", "an HDF5 file"],
])("%s is refused with the reason and the cure", async (name, format) => {
  writeFileSync(inside(name), "x");
  const { code, stderr } = await latentkit.run("data", "show", name);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    new RegExp(`^latentkit: ${name}: not a format of data, got ${format}, expected .*in Python: .*\\n$`),
  );
});
