import { describe, expect, test } from "vitest";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant, Input, type Tensor } from "../../../graph/tensor.ts";
import type { Value } from "../../../graph/value.ts";
import { evaluation } from "../../../nn/context.ts";
import { square } from "../../../ops/arithmetic.ts";
import type { Codes } from "../../latent.ts";
import { noiseValues } from "../../../../test/noise-values.ts";
import { type NoiseLevel, over } from "../noise/noise-level.ts";
import { odeDensity } from "./ode-density.ts";
import type { Denoised } from "../noise/prediction.ts";

/** Data of independent Gaussians of these means and standard deviations. */
const gaussian = (means: readonly number[], stds: readonly number[]) => {
  const [m, variance] = [means, stds.map((std) => std * std)].map((row) => constant(row, [1, means.length])) as [
    Tensor,
    Tensor,
  ];
  return (y: Tensor, level: NoiseLevel): Denoised => {
    const [alpha, sigma] = [over(y, level.alpha), over(y, level.sigma)];
    const total = square(alpha).mul(variance).add(square(sigma));
    const x = y.sub(alpha.mul(m)).mul(alpha.mul(variance).div(total)).add(m);
    return { x, n: y.sub(x.mul(alpha)).div(sigma) };
  };
};

/** log p of points by the loop, one step after the other. */
function logProbs(
  points: readonly (readonly number[])[],
  denoise: (y: Tensor, level: NoiseLevel) => Denoised,
  { logVolume = 0, centered = (x: Tensor): Tensor => x } = {},
): number[] {
  const size = points[0]!.length;
  const loop = odeDensity({ shape: [size], denoise, centered, logVolume });
  /** Inputs with the values of codes: derivatives are taken of them. */
  const held = (codes: Codes): Codes =>
    Object.fromEntries(
      Object.entries(codes).map(([name, t]) => {
        const input = new Input(name, t.shape);
        leaves.set(input, evaluate([t], new Map([...leaves, ...noiseValues([t], 7)]))[0]!);
        return [name, input];
      }),
    );
  const leaves = new Map<Tensor, Value>();
  let state = held(loop.start(constant(points.flat(), [points.length, size]), evaluation));
  for (const point of loop.schedule()) {
    const at = Object.fromEntries(Object.entries(point).map(([name, v]) => [name, constant(v)]));
    state = held(loop.step(state, at, evaluation));
  }
  return Array.from(evaluate([loop.finish(state, evaluation)], leaves)[0]!.data);
}

const exactly = (point: readonly number[], means: readonly number[], stds: readonly number[]): number =>
  point.reduce(
    (sum, x, i) => sum - ((x - means[i]!) / stds[i]!) ** 2 / 2 - Math.log(stds[i]!) - Math.log(2 * Math.PI) / 2,
    0,
  );

describe("log p(x) by the probability-flow ODE", () => {
  test("is that of a Gaussian, within 0.01 nats, by the exact divergence", () => {
    const means = [0.3, -0.6];
    const stds = [1, 0.3];
    const points = [
      [0.3, -0.6],
      [1.4, -0.2],
      [-2, -0.9],
    ];
    const found = logProbs(points, gaussian(means, stds));
    for (const [i, point] of points.entries())
      expect(Math.abs(found[i]! - exactly(point, means, stds))).toBeLessThan(0.01);
  });

  test("is that of a Gaussian of independent dimensions by Hutchinson's estimate, which has no variance there", () => {
    const means = Array.from({ length: 6 }, (_, i) => i / 6);
    const stds = means.map((m) => 0.3 + m);
    const points = [means, means.map((m, i) => m + (i % 2 === 0 ? 0.5 : -0.4))];
    const found = logProbs(points, gaussian(means, stds));
    for (const [i, point] of points.entries())
      expect(Math.abs(found[i]! - exactly(point, means, stds))).toBeLessThan(0.03);
  });

  test("has the density of stored intensities, not that of centered ones", () => {
    const [plain] = logProbs([[0.5]], gaussian([0], [0.5]));
    const [stored] = logProbs([[0.75]], gaussian([0], [0.5]), {
      logVolume: Math.LN2,
      centered: (x) => x.mul(2).sub(1),
    });
    expect(stored! - plain!).toBeCloseTo(Math.LN2, 6);
  });
});
