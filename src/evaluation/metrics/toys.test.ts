import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryRun, type TemporaryRun } from "../../../test/temporary-run.ts";
import { resultOf } from "../../runs/evaluate-run.ts";
import type { MetricResult } from "./metric.ts";

let run: TemporaryRun;
// One principal component and noise are a Gaussian of any covariance in the plane: the best Gaussian, found in closed form.
beforeAll(async () => {
  run = await temporaryRun("pca", "toy:8gaussians:20000", { config: { latentDim: 1 } });
});
afterAll(() => run.remove());

async function evaluated(...metrics: readonly string[]): Promise<(metric: string, name: string) => MetricResult> {
  const found = await run.evaluate({ samples: 10, metrics, generated: 4000 });
  return (metric, name) => resultOf(found, metric, name)!;
}

test("KL from 8 Gaussians on a circle of radius 2 to the best Gaussian is what their covariance says", async () => {
  const result = await evaluated("density");
  // The covariance is (2 + 0.01) I: nll = 1 + log(2 pi) + log 2.01. The entropy is log 8 + 1 + log(2 pi 0.01).
  const kl = Math.log(2.01) - Math.log(8) - Math.log(0.01);
  const { value, standardError = 0 } = result("density", "kl");
  expect(standardError).toBeLessThan(0.03);
  expect(Math.abs(value - kl)).toBeLessThan(4 * standardError);
  expect(result("density", "nll").value - result("density", "nll of the data's own density").value).toBeCloseTo(
    value,
    9,
  );
});

test("a Gaussian of variance 2.01 has the fraction 0.066 of its samples within 0.3 of a mode, at all 8", async () => {
  const result = await evaluated("modes");
  expect(result("modes", "modes").value).toBe(8);
  // 8 discs of radius 0.3 at a distance of 2, by quadrature over the angle and the distance.
  let fraction = 0;
  const [steps, radius, variance] = [400, 0.3, 2.01];
  for (let i = 0; i < steps; i++)
    for (let j = 0; j < steps; j++) {
      const [r, angle] = [((i + 0.5) / steps) * radius, ((j + 0.5) / steps) * 2 * Math.PI];
      const squared = (2 + r * Math.cos(angle)) ** 2 + (r * Math.sin(angle)) ** 2;
      fraction +=
        (8 * r * (radius / steps) * ((2 * Math.PI) / steps) * Math.exp(-squared / (2 * variance))) /
        (2 * Math.PI * variance);
    }
  expect(fraction).toBeCloseTo(0.066, 3);
  expect(Math.abs(result("modes", "high quality").value - fraction)).toBeLessThan(
    4 * Math.sqrt((fraction * (1 - fraction)) / 4000),
  );
});
