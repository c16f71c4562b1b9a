import { expect, test } from "vitest";
import { stream } from "../random/index.ts";
import { cpuDevice } from "../runtime/node.ts";
import { networkTwoSample } from "./network-two-sample.ts";

const cloud = (name: string, count: number, mean: number): Float32Array => {
  const random = stream(0, name);
  return Float32Array.from({ length: 4 * count }, () => mean + random.normal());
};

test("a network nears the best accuracy there is: Phi(1) for Gaussians whose means are 2 apart", async () => {
  const device = await cpuDevice(1);
  // A shift of 1 along each of 4 axes.
  const apart = await networkTwoSample(cloud("x", 4000, 0), cloud("y", 4500, 1), { device, shape: [4] });
  expect(Math.abs(apart.accuracy - 0.8413)).toBeLessThan(0.03);
  expect(apart).toMatchObject({ tested: 4000 });
  expect(apart.pValue).toBeLessThan(1e-100);
  const equal = await networkTwoSample(cloud("x", 2000, 0), cloud("z", 2000, 0), { device, shape: [4] });
  expect(Math.abs(equal.accuracy - 0.5)).toBeLessThan(4 * equal.standardError);
});

test("too few examples are refused", async () => {
  const device = await cpuDevice(1);
  await expect(networkTwoSample(cloud("x", 9, 0), cloud("y", 20, 0), { device, shape: [4] })).rejects.toThrow(
    "c2st: samples: too few examples, got 9, expected at least 10",
  );
});
