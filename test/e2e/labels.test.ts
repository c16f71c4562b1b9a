import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNpy } from "../../src/data/formats/npy.ts";
import { zip } from "../zip-file.ts";
import { install, type Installed } from "./install.ts";

let latentkit: Installed;
const small = "--data digits:100 --batch-size 20 --steps 2 --set hiddenDims=8 --set latentDim=2 --threads 1".split(" ");

beforeAll(async () => {
  latentkit = install();
  for (const model of ["vae", "cvae"])
    expect((await latentkit.run("train", model, "--out", model, ...small)).code).toBe(0);
});
afterAll(() => latentkit.remove());

async function answer(...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const { code, stdout, stderr } = await latentkit.run(...args, "--json", "--threads", "1");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

describe("a model that learns from labels", () => {
  test("makes its pictures", () => {
    for (const name of ["samples.png", "reconstructions.png"])
      expect(existsSync(join(latentkit.folder, "cvae/samples", name)), name).toBe(true);
  });

  test("samples every class, as many in all as are asked for, or the one that is asked for", async () => {
    expect(await answer("sample", "cvae", "--count", "25")).toMatchObject({ shape: [25, 1, 28, 28] });
    expect(await answer("sample", "cvae", "--count", "64")).toMatchObject({ shape: [64, 1, 28, 28] });
    expect(await answer("sample", "cvae", "--count", "1")).toMatchObject({ shape: [1, 1, 28, 28] });
    expect(await answer("sample", "cvae", "--label", "7", "--count", "5")).toMatchObject({
      shape: [5, 1, 28, 28],
      label: "7",
    });
  });

  test("reconstructs with the examples' own labels, or as another class", async () => {
    expect(await answer("reconstruct", "cvae", "--count", "4")).toMatchObject({ shape: [4, 1, 28, 28] });
    expect(await answer("reconstruct", "cvae", "--count", "4", "--label", "3")).toMatchObject({ label: "3" });
  });
});

describe("a model of numbers in an array file", () => {
  beforeAll(async () => {
    const rows = Array.from({ length: 60 }, (_, i) => i / 60);
    const arrays = {
      x: [[60, 2], rows.flatMap((v) => [v, 1 - v * v])],
      pose: [[60, 3], rows.flatMap((v) => [v, -v, 1])],
    } as const;
    const entries = Object.entries(arrays).map(([name, [shape, values]]) => ({
      name: `${name}.npy`,
      bytes: new Uint8Array(Buffer.concat(encodeNpy(shape, Float32Array.from(values)))),
    }));
    writeFileSync(join(latentkit.folder, "poses.npz"), zip(entries));
    const args = "--data poses.npz --set fields=pose --out posed --steps 2 --batch-size 20 --threads 1".split(" ");
    expect(await latentkit.run("train", "cvae", ...args)).toMatchObject({ code: 0 });
  });

  test("is sampled given them", async () => {
    const given = ["--condition", "pose=0.5,-0.5,1", "--count", "4"];
    expect(await answer("sample", "posed", ...given)).toMatchObject({ shape: [4, 2], condition: ["pose=0.5,-0.5,1"] });
  });

  test.each([
    ["pose=1,2", '--condition pose: not the numbers of this field, got "1,2", expected 3 numbers with commas between'],
    [
      "pos=1,2,3",
      '--condition: the run\'s data have no such field, got "pos", expected one of pose; did you mean pose?',
    ],
    [
      undefined,
      "model: it is of p(x | pose), got no pose to sample with, expected numbers of shape [3], by --condition or given()",
    ],
  ])("%s is refused in one line", async (given, line) => {
    const { code, stderr } = await latentkit.run("sample", "posed", ...(given ? ["--condition", given] : []));
    expect({ code, stderr }).toEqual({ code: 2, stderr: `latentkit: ${line}\n` });
  });
});

test.each<[readonly string[], string]>([
  [
    ["sample", "cvae", "--label", "ten"],
    '--label: no such class, got "ten", expected one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9',
  ],
  [
    ["sample", "cvae", "--label", "10"],
    '--label: no such class, got "10", expected one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9',
  ],
  [
    ["sample", "vae", "--label", "7"],
    "condition: the model takes none of this name, got class, expected none: it is unconditional",
  ],
  [
    ["train", "cvae", "--data", "images-idx3-ubyte", "--steps", "2", "--out", "none"],
    "model: it is conditioned on labels, got data without, expected labeled data, such as digits, or a table with --condition COLUMN, or a folder of images for each class",
  ],
])("%j is refused in one line", async (args, line) => {
  const images = [0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 28, 0, 0, 0, 28, ...new Uint8Array(40 * 784)];
  writeFileSync(join(latentkit.folder, "images-idx3-ubyte"), Uint8Array.from(images));
  const { code, stdout, stderr } = await latentkit.run(...args);
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: `latentkit: ${line}\n` });
  expect(existsSync(join(latentkit.folder, "none"))).toBe(false);
});
