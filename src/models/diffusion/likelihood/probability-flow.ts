import { constant, type Tensor } from "../../../graph/tensor.ts";
import { type Shape, sizeOf } from "../../../graph/shape.ts";
import { Normal } from "../../../distributions/normal.ts";
import type { Context } from "../../../nn/context.ts";
import { flatten, reshape } from "../../../ops/movement.ts";
import type { Bijection, Loop, StepScalars } from "../../sampler.ts";
import type { NoiseLevel } from "../noise/noise-level.ts";
import type { Denoised } from "../noise/prediction.ts";

/** Noise levels that the flow goes between. */
export const [LOWEST, HIGHEST] = [0.002, 80];

/** Levels of the steps of a Runge-Kutta method from one noise level to another, evenly spaced in ln sigma. */
export function flowSteps(
  steps: number,
  from: number,
  to: number,
): { readonly h: number; readonly at: readonly StepScalars[] } {
  const h = Math.log(to / from) / steps;
  const at = Array.from({ length: steps }, (_, i) => {
    const sigma = from * Math.exp(i * h);
    return { sigma, middle: sigma * Math.exp(h / 2), next: sigma * Math.exp(h) };
  });
  return { h, at };
}

/**
 * A step of the classical Runge-Kutta method for dy/dl = `slope(y, sigma).change` in l = ln sigma: how much any quantity gains by it whose
 * derivative the slopes have.
 */
export function rungeKutta<Slope extends { readonly change: Tensor }>(
  y: Tensor,
  { sigma, middle, next }: Readonly<Record<string, Tensor>>,
  h: number,
  slope: (y: Tensor, sigma: Tensor) => Slope,
): (of: (k: Slope) => Tensor) => Tensor {
  const k1 = slope(y, sigma!);
  const k2 = slope(y.add(k1.change.mul(h / 2)), middle!);
  const k3 = slope(y.add(k2.change.mul(h / 2)), middle!);
  const k4 = slope(y.add(k3.change.mul(h)), next!);
  return (of) =>
    of(k1)
      .add(of(k4))
      .add(of(k2).add(of(k3)).mul(2))
      .mul(h / 6);
}

/** What a flow of a denoiser is made of. */
export interface FlowParts {
  /** Of an example. */
  readonly shape: Shape;
  readonly denoise: (y: Tensor, level: NoiseLevel, context: Context) => Denoised;
  /** Examples as the denoiser sees them, and back. */
  readonly centered: (x: Tensor) => Tensor;
  readonly finish: (x: Tensor) => Tensor;
  readonly steps?: number;
}

/**
 * The probability-flow ODE as a map between examples and their noise (Song et al. 2021, arXiv:2011.13456, section 4.3; DDIM's inversion, Song et
 * al. 2021, arXiv:2010.02502, section 4.3, is the same equation by Euler's method). Along alpha = 1, in l = ln sigma,
 *
 *   dy/dl = y - D(y; sigma),   y = x at sigmaMin,   z = y / sigmaMax at sigmaMax
 *
 * by the classical Runge-Kutta method in both directions. Each solution is a path, so that z is distributed as N(0, I) but for the x of
 * y = x + sigmaMax n, and depends on the data's distribution alone, not on the network that learned it.
 */
export function probabilityFlow({ shape, denoise, centered, finish, steps = 24 }: FlowParts): Bijection {
  const size = sizeOf(shape);
  /** From one level to another, with y at its first and what is made of y at its last. */
  const along = (from: number, to: number, start: (rows: Tensor) => Tensor, end: (y: Tensor) => Tensor): Loop => {
    const { h, at } = flowSteps(steps, from, to);
    return {
      schedule: () => at,
      start: (rows) => ({ y: start(rows) }),
      step({ y }, levels, context) {
        const slope = (state: Tensor, sigma: Tensor) => ({
          change: state.sub(denoise(state, { alpha: constant(1), sigma }, context).x),
        });
        return { y: y!.add(rungeKutta(y!, levels, h, slope)(({ change }) => change)) };
      },
      finish: ({ y }) => end(y!),
    };
  };
  return {
    latent: {
      name: "z",
      shape: [size],
      dtype: "float32",
      standardNormal: true,
      prior: (_, count) => new Normal(constant(0).broadcastTo([count, size]), constant(1)),
    },
    encode: along(LOWEST, HIGHEST, centered, (y) => flatten(y).div(HIGHEST)),
    decode: along(
      HIGHEST,
      LOWEST,
      (z) => reshape(z, [z.shape[0]!, ...shape]).mul(HIGHEST),
      (y) => finish(y),
    ),
  };
}
