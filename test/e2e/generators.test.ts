import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { root } from "../page-program.ts";
import { install, type Installed } from "./install.ts";

// Every tool on one model that samples and decodes but does not encode: a WGAN-GP of few steps.
let latentkit: Installed;
const inside = (...path: string[]): string => join(latentkit.folder, ...path);
const wgan = join(root, "examples/wgan-gp.ts");
const small = "--data digits:300 --batch-size 20 --steps 30 --threads 1 --device cpu --set latentDim=4".split(" ");
const examples = 30;
const pixels = 784;

beforeAll(async () => {
  latentkit = install();
  expect((await latentkit.run("train", wgan, ...small, "--out", "gan")).code).toBe(0);
});
afterAll(() => latentkit.remove());

async function json(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await latentkit.run(...args, "--threads", "1", "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
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
    // Bytes from 0 to 255, of which the first images differ by about 30.
    const error =
      own.values.reduce((total, value, i) => total + (value - again.values[i]!) ** 2, 0) / own.values.length;
    expect(error).toBeLessThan(0.01);
    expect(found["mse"]).toBeCloseTo(error, 2);
    const { height, width } = decode(readFileSync(inside("codes.png")));
    // Originals, inversions and their difference: digits twice as large, 4 pixels apart.
    expect([height, width]).toEqual([3 * 56 + 4 * 4, 5 * 56 + 6 * 4]);
  });

  test("says which examples codes are of, and their errors in the units of the data", async () => {
    const flags = ["invert", "gan", "--count", "3", "--steps", "20"];
    const found = await json(...flags, "--out", "codes.csv");
    const [head, ...rows] = readFileSync(inside("codes.csv"), "utf8").trimEnd().split("\n");
    expect(head).toBe("example,class,mse,psnr,z0,z1,z2,z3");
    const values = rows.map((row) => row.split(",").map(Number));
    expect(values.map(([example]) => example)).toEqual([0, 1, 2]);
    for (const [, , mse, psnr] of values) expect(psnr).toBeCloseTo(10 * Math.log10(255 ** 2 / mse!), 3);
    expect(found["mse"]).toBeCloseTo(values.reduce((total, [, , mse]) => total + mse!, 0) / 3, 3);
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
