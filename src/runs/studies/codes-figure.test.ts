import { afterEach, expect, test } from "vitest";
import { temporaryRun } from "../../../test/temporary-run.ts";
import { nodePlatform } from "../../node/platform.ts";
import { codesBeside } from "./codes-figure.ts";

let remove: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const each of remove) await each();
  remove = [];
});
const runOf = async (config: object, data = "digits:100"): Promise<string> => {
  const small = { hiddenDims: [8], ...config };
  const run = await temporaryRun("vae", data, { config: small, settings: { steps: 2, batchSize: 20 } });
  remove.push(() => run.remove());
  return `${run.folder}/run`;
};

test("codes of runs lie side by side in colors, and only those with p(z) = N(0, I) decode a grid below", async () => {
  const paths = [await runOf({ latentDim: 2 }), await runOf({ latentDim: 2, prior: "circle" })];
  const { width, height, channels, data } = await codesBeside(paths, nodePlatform);
  expect([width, height, channels]).toEqual([3 * 12 + 2 * 560, 3 * 12 + 2 * 560, 3]);
  const colorsOf = (left: number, top: number): number => {
    const found = new Set<number>();
    for (let y = top; y < top + 560; y++)
      for (let x = left; x < left + 560; x++) {
        const at = 3 * (y * width + x);
        if (data[at] !== data[at + 1]) found.add((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!);
      }
    return found.size;
  };
  // Ten digits of ten classes.
  for (const left of [12, 584]) expect(colorsOf(left, 12)).toBeGreaterThan(3);
  const grayAt = (x: number, y: number): number => data[3 * (y * width + x)]!;
  expect(grayAt(300, 800)).toBeLessThan(255);
  expect(grayAt(900, 800)).toBe(255);
});

test("codes of three dimensions, and data without labels, are refused", async () => {
  await expect(codesBeside([await runOf({ latentDim: 3 })], nodePlatform)).rejects.toThrow(
    "codes are no points in the plane, got 3 dimensions, expected 2",
  );
  const roll = await runOf({ latentDim: 2, likelihood: "gaussian" }, "toy:swissroll:100");
  await expect(codesBeside([roll], nodePlatform)).rejects.toThrow("no labels to color codes by");
});
