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
  put("image.png", 28, (column, row) => (column + row) * 4);
  put("right.png", 28, (column) => (column < 14 ? 0 : 255));
  put("gray.png", 28, (column) => column * 9);
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
