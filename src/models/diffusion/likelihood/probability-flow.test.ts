import { describe, expect, test } from "vitest";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant, type Tensor } from "../../../graph/tensor.ts";
import { evaluation } from "../../../nn/context.ts";
import { square } from "../../../ops/arithmetic.ts";
import { tanh } from "../../../ops/elementwise.ts";
import type { Codes } from "../../latent.ts";
import type { Loop } from "../../sampler.ts";
import { type NoiseLevel, over } from "../noise/noise-level.ts";
import type { Denoised } from "../noise/prediction.ts";
import { HIGHEST, LOWEST, probabilityFlow } from "./probability-flow.ts";

type Denoise = (y: Tensor, level: NoiseLevel) => Denoised;
const [MEAN, STD] = [0.7, 0.4];

const denoised =
  (D: (y: Tensor, sigma: Tensor) => Tensor): Denoise =>
  (y, level) => {
    const sigma = over(y, level.sigma);
    const x = D(y, sigma);
    return { x, n: y.sub(x).div(sigma) };
  };
/** E[x|y] of data N(MEAN, STD^2). */
const gaussian = denoised((y, sigma) =>
  y
    .sub(MEAN)
    .mul(STD ** 2)
    .div(square(sigma).add(STD ** 2))
    .add(MEAN),
);
/** E[x|y] of data 0.5 N(-1, STD^2) + 0.5 N(1, STD^2) in each dimension. */
const two = denoised((y, sigma) => {
  const variance = square(sigma).add(STD ** 2);
  return y
    .mul(STD ** 2)
    .add(square(sigma).mul(tanh(y.div(variance))))
    .div(variance);
});

/** Rows through one direction, in float64. */
function through(loop: Loop, rows: readonly (readonly number[])[]): number[] {
  let state: Codes = loop.start(constant(rows.flat(), [rows.length, rows[0]!.length]), evaluation);
  for (const point of loop.schedule()) {
    const at = Object.fromEntries(Object.entries(point).map(([name, v]) => [name, constant(v)]));
    const names = Object.keys(state);
    const values = evaluate(Object.values(loop.step(state, at, evaluation)));
    state = Object.fromEntries(
      values.map(({ data, shape }, i) => [names[i]!, constant(Array.from(data, Number), shape)]),
    );
  }
  return Array.from(evaluate([loop.finish(state, evaluation)])[0]!.data, Number);
}

const flow = (denoise: Denoise, steps?: number) =>
  probabilityFlow({
    shape: [2],
    denoise,
    centered: (x) => x.mul(2).sub(1),
    finish: (x) => x.add(1).mul(0.5),
    ...(steps && { steps }),
  });
const examples = [
  [0.5, 0.9],
  [0.1, 0.65],
  [0.97, 0.3],
];

describe("codes by the probability-flow ODE", () => {
  test("are the closed form for Gaussian data, with an error that falls with the fourth power of the steps", () => {
    // Along the flow (y - MEAN) / sqrt(STD^2 + sigma^2) stays as it is.
    const ratio = Math.hypot(STD, HIGHEST) / Math.hypot(STD, LOWEST);
    const exact = examples.flat().map((x) => (MEAN + ratio * (2 * x - 1 - MEAN)) / HIGHEST);
    const error = (steps?: number): number =>
      Math.max(...through(flow(gaussian, steps).encode, examples).map((z, i) => Math.abs(z - exact[i]!)));
    expect(error()).toBeLessThan(0.01);
    const order = Math.log2(error(48) / error(96));
    expect(Math.abs(order - 4)).toBeLessThan(0.3);
  });

  test.each([
    ["Gaussian data", gaussian],
    ["two clusters", two],
  ])("lead back to the examples, with an error that falls as fast at least, of %s", (_, denoise) => {
    const error = (steps?: number): number => {
      const { encode, decode } = flow(denoise, steps);
      const z = through(encode, examples);
      const codes = examples.map((_row, i) => z.slice(2 * i, 2 * i + 2));
      return Math.max(...through(decode, codes).map((x, i) => Math.abs(x - examples.flat()[i]!)));
    };
    expect(error()).toBeLessThan(0.001);
    // What is lost on the way there is nearly what is won on the way back.
    expect(Math.log2(error(48) / error(96))).toBeGreaterThan(3.7);
  });

  test("are one vector of as many values as an example, with the prior N(0, I)", () => {
    const { latent } = probabilityFlow({ shape: [3, 4], denoise: gaussian, centered: (x) => x, finish: (x) => x });
    expect(latent).toMatchObject({ shape: [12], standardNormal: true });
    const p = latent.prior!({}, 5, evaluation);
    expect(evaluate([p.logProb(constant(0).broadcastTo([5, 12]))])[0]!.data[0]).toBeCloseTo(
      -0.5 * Math.log(2 * Math.PI),
      6,
    );
  });
});
