import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNpy } from "../../src/data/formats/npy.ts";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { install, type Installed } from "./install.ts";

let latentkit: Installed;
const inside = (path: string): string => join(latentkit.folder, path);
const device = ["--threads", "1", "--device", "cpu"];

/** A gray square image of a side. */
function put(name: string, side: number, valueAt: (column: number, row: number) => number): void {
  const data = Uint8Array.from({ length: side * side }, (_, i) => valueAt(i % side, Math.floor(i / side)));
  writeFileSync(inside(name), encode({ width: side, height: side, channels: 1, depth: 8, data }));
}

beforeAll(async () => {
  latentkit = install();
  const train = (model: string, out: string, ...more: string[]) =>
    latentkit.run(
      "train",
      model,
      "--data",
      "digits:60",
      "--steps",
      "2",
      "--batch-size",
      "8",
      "--out",
      out,
      ...more,
      ...device,
    );
  expect((await train("diffusion", "runs", "--set", "channels=4,4")).code).toBe(0);
  expect((await train("ae", "plain")).code).toBe(0);
  expect((await train("pixelcnn", "pixels", "--set", "width=4", "--set", "depth=1")).code).toBe(0);
  const small = ["--set", "channels=4,4", "--set", "superResolution=4", "--set", "conditional=true"];
  expect((await train("diffusion", "super", ...small)).code).toBe(0);
  put("small.png", 7, (column) => column * 9);
  put("image.png", 28, (column, row) => (column + row) * 4);
  put("right.png", 28, (column) => (column < 14 ? 0 : 255));
  put("gray.png", 28, (column) => column * 9);
  put("black.png", 28, () => 0);
  put("large.png", 40, () => 255);
  writeFileSync(inside("wide.npy"), Buffer.concat(encodeNpy([28, 27], new Float32Array(28 * 27))));
});
afterAll(() => latentkit.remove());

describe("edit", () => {
  test("inpaints an image: its left half stays as it is, its right half is sampled", async () => {
    const flags = ["--image", "image.png", "--mask", "right.png", "--steps", "3", "--resample", "2", "--count", "2"];
    const { code, stdout, stderr } = await latentkit.run(
      "edit",
      "runs",
      ...flags,
      "--out",
      "e.npy",
      "--json",
      ...device,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      shape: [1, 2, 1, 28, 28],
      count: 2,
      mask: "right.png",
      resample: 2,
      steps: 3,
    });
    const { values } = await readNpy((await openFile(inside("e.npy")))!);
    const edit = (i: number, column: number, row: number): number => values[i * 784 + row * 28 + column]!;
    for (let row = 0; row < 28; row++)
      for (let column = 0; column < 14; column++)
        for (const i of [0, 1]) expect(Math.abs(edit(i, column, row) - 4 * (column + row))).toBeLessThan(0.001);
    expect(edit(0, 20, 5)).not.toBe(edit(1, 20, 5));
  });

  test("writes a picture of examples and their edits", async () => {
    const flags = ["--examples", "0,3", "--count", "2", "--strength", "0.5", "--steps", "4"];
    const { code, stdout } = await latentkit.run("edit", "runs", ...flags, "--json", ...device);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ file: "runs/samples/edits.png", examples: [0, 3], strength: 0.5 });
  });

  test("lists the options of the run's editor", async () => {
    const { stdout } = await latentkit.run("edit", "runs", "--help");
    for (const flag of ["--strength", "--resample", "--solver", "--mask"]) expect(stdout).toContain(flag);
  });

  test.each([
    [["--mask", "large.png"], "large.png: the mask does not fit the examples, got [1, 40, 40], expected [1, 28, 28]"],
    [["--mask", "wide.npy"], "wide.npy: the mask does not fit the examples, got [28, 27], expected [1, 28, 28]"],
    [
      ["--mask", "gray.png"],
      "gray.png: a value of the mask is neither 0 nor 1, got 0.0353, expected 1 for new values and 0 for kept ones",
    ],
    [
      ["--mask", "none.png"],
      "none.png: no such file, got nothing to read, expected a mask: an image, or a .npy file of 1 and 0",
    ],
    [["--resample", "3"], "--resample: it repeats steps of inpainting, got no --mask, expected one"],
    [["--strength", "0"], '--strength: not a value it takes, got "0", expected a number above 0 and up to 1'],
    [["--image", "image.png", "--data", "digits"], "--image: it replaces --data, got both, expected one of them"],
    [["--image", "wide.npy"], "wide.npy: examples do not fit the model, got [27], expected [1, 28, 28]"],
    [["--examples", "99999"], "--examples: no such example, got 99999, expected 0 to 5"],
  ])("refuses %j in one line", async (flags, message) => {
    const { code, stdout, stderr } = await latentkit.run("edit", "runs", ...flags, ...device);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: `latentkit: ${message}\n` });
  });

  test("refuses a model without an editor", async () => {
    const { code, stderr } = await latentkit.run("edit", "plain", ...device);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^latentkit: plain: it lacks what this needs, got a model that does not edit examples, [^\n]*\n$/,
    );
  });
});

describe("complete", () => {
  test.each([
    ["pixels", []],
    ["runs", ["--steps", "3", "--resample", "2"]],
  ])("samples the rest of an image by %s, and keeps its upper half", async (run, more) => {
    const flags = ["--keep", "top-half", "--image", "image.png", "--count", "2", ...more];
    const { code, stdout, stderr } = await latentkit.run(
      "complete",
      run,
      ...flags,
      "--out",
      "c.npy",
      "--json",
      ...device,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ shape: [1, 2, 1, 28, 28], count: 2, keep: "top-half" });
    const { values } = await readNpy((await openFile(inside("c.npy")))!);
    const [first, second] = [values.subarray(0, 784), values.subarray(784)];
    for (let i = 0; i < 392; i++)
      for (const found of [first, second])
        expect(Math.abs(found[i]! - 4 * ((i % 28) + Math.floor(i / 28)))).toBeLessThan(0.001);
    expect(first.subarray(392)).not.toEqual(second.subarray(392));
  });

  test("takes the masks of edit, and writes a picture", async () => {
    const flags = ["--keep", "right.png", "--examples", "0,3", "--count", "2", "--temperature", "0.5"];
    const { code, stdout } = await latentkit.run("complete", "pixels", ...flags, "--json", ...device);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      file: "pixels/samples/completions.png",
      examples: [0, 3],
      temperature: 0.5,
    });
  });

  test.each([
    [
      "complete",
      [],
      "--keep: what is kept is not said, got none, expected top-half, bottom-half, left-half, right-half, or a mask: an image or a .npy file",
    ],
    [
      "complete",
      ["--keep", "upper"],
      "--keep: neither a part nor a file, got upper, expected top-half, bottom-half, left-half, right-half, or a mask: an image or a .npy file",
    ],
    [
      "complete",
      ["--keep", "black.png"],
      "black.png: nothing is to be completed from another part, got a mask that keeps all of 784 values, expected some",
    ],
    [
      "complete",
      ["--keep", "wide.npy"],
      "wide.npy: the mask does not fit the examples, got [28, 27], expected [1, 28, 28]",
    ],
    [
      "edit",
      [],
      "edit: an autoregressive model completes examples, got none of their values to keep, expected a mask, or latentkit complete",
    ],
  ])("refuses %s %j in one line", async (command, flags, message) => {
    const { code, stdout, stderr } = await latentkit.run(command, "pixels", ...flags, ...device);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: `latentkit: ${message}\n` });
  });

  test("refuses a model without an editor", async () => {
    const { code, stderr } = await latentkit.run("complete", "plain", "--keep", "top-half", ...device);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^latentkit: plain: it lacks what this needs, got a model that does not edit examples, /);
  });
});

describe("upscale", () => {
  test("makes images of a small one, of a class", async () => {
    const flags = ["--image", "small.png", "--label", "3", "--guidance", "2", "--steps", "2", "--count", "3"];
    const { code, stdout, stderr } = await latentkit.run(
      "upscale",
      "super",
      ...flags,
      "--out",
      "u.npy",
      "--json",
      ...device,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const found = JSON.parse(stdout) as { readonly consistency: number };
    expect(found).toMatchObject({ shape: [1, 3, 1, 28, 28], examples: [0], count: 3, steps: 2, label: "3" });
    const { shape, values } = await readNpy((await openFile(inside("u.npy")))!);
    expect(shape).toEqual([1, 3, 1, 28, 28]);
    // Of values from 0 to 1; the array is in the units of the data.
    const errors = Array.from({ length: 3 * 49 }, (_, at) => {
      const [sample, row, column] = [Math.floor(at / 49), Math.floor(at / 7) % 7, at % 7];
      const pixel = (i: number): number =>
        values[sample * 784 + (4 * row + Math.floor(i / 4)) * 28 + 4 * column + (i % 4)]!;
      const mean = Array.from({ length: 16 }, (__, i) => pixel(i)).reduce((sum, v) => sum + v / 16, 0);
      return ((mean - column * 9) / 255) ** 2;
    });
    expect(errors.reduce((sum, v) => sum + v, 0) / errors.length).toBeCloseTo(found.consistency, 5);
  });

  test("writes a picture of examples of the run, made smaller, and samples", async () => {
    const flags = ["--examples", "0,3", "--count", "2", "--steps", "2"];
    const { code, stdout } = await latentkit.run("upscale", "super", ...flags, ...device);
    expect(code).toBe(0);
    expect(stdout).toMatch(/super\/samples\/upscaled\.png\nconsistency: mean squared error of \d\.\de-\d\n$/);
  });

  test.each([
    ["super", ["--image", "wide.npy"], "wide.npy: examples do not fit the model, got [27], expected [1, 7, 7]"],
    [
      "super",
      ["--image", "small.png", "--data", "digits"],
      "--image: it replaces --data, got both, expected one of them",
    ],
    [
      "super",
      ["--image", "small.png", "--guidance", "2"],
      "guidance: it is towards what may be left out of a condition, got none of that, expected a class or another field too",
    ],
    [
      "runs",
      [],
      "runs: it lacks what this needs, got a model that does not make images of smaller ones, expected one that was trained on images given smaller ones, such as diffusion with superResolution",
    ],
  ])("refuses of %s %j in one line", async (run, flags, message) => {
    const { code, stdout, stderr } = await latentkit.run("upscale", run, ...flags, ...device);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: "", stderr: `latentkit: ${message}\n` });
  });

  test("sample says what is missing", async () => {
    const { code, stderr } = await latentkit.run("sample", "super", ...device);
    expect(code).toBe(2);
    expect(stderr).toBe(
      "latentkit: model: it is of p(x | lowResolution), got no lowResolution to sample with, expected numbers of shape [1, 7, 7], by latentkit upscale or given()\n",
    );
  });
});
