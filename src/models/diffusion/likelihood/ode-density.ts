import { constant, noise, type Tensor } from "../../../graph/tensor.ts";
import { grad } from "../../../graph/grad.ts";
import { sizeOf, type Shape } from "../../../graph/shape.ts";
import type { Context } from "../../../nn/context.ts";
import { square } from "../../../ops/arithmetic.ts";
import { sign } from "../../../ops/elementwise.ts";
import { flatten } from "../../../ops/movement.ts";
import { sum } from "../../../ops/reduction.ts";
import type { DensityLoop } from "../../sampler.ts";
import type { NoiseLevel } from "../noise/noise-level.ts";
import type { Denoised } from "../noise/prediction.ts";
import { flowSteps, HIGHEST, LOWEST, rungeKutta } from "./probability-flow.ts";

interface DensityParts {
  readonly shape: Shape;
  readonly denoise: (y: Tensor, level: NoiseLevel, context: Context) => Denoised;
  /** Examples as the denoiser sees them, and the log of how much larger their volume is there. */
  readonly centered: (x: Tensor) => Tensor;
  readonly logVolume: number;
}

/** Steps of the Runge-Kutta method. */
const STEPS = 24;
/** Dimensions up to which the divergence is exact. */
const EXACT = 4;

/**
 * log p(x) by the probability-flow ODE (Song et al. 2021, arXiv:2011.13456, eq. 39) along alpha = 1, in l = ln sigma:
 *
 *   dy/dl = sigma n(y; sigma) = y - D(y; sigma),  log p(x) = log N(y; 0, sigmaMax^2) + int div(y - D) dl
 *
 * from sigmaMin, where p is that of examples with so much noise, to sigmaMax, by the classical Runge-Kutta method. The divergence is
 * exact for a few dimensions, else Hutchinson's estimate v . (d(y - D)/dy) v with one v of random signs for each example
 * (arXiv:1810.01367, eq. 7), unbiased.
 */
export function odeDensity({ shape, denoise, centered, logVolume }: DensityParts): DensityLoop {
  const size = sizeOf(shape);
  const { h, at } = flowSteps(STEPS, LOWEST, HIGHEST);

  /** y - D and its divergence, [batch]. */
  function slope(y: Tensor, sigma: Tensor, probe: Tensor, context: Context): Slope {
    const change = y.sub(denoise(y, { alpha: constant(1), sigma }, context).x);
    const along = (v: Tensor): Tensor => sum(flatten(grad(sum(change.mul(v)), [y])[0]!.mul(v)), 1);
    const probes = size > EXACT ? [probe] : Array.from({ length: size }, (_, i) => axisOf(y, i));
    return { change, divergence: probes.map(along).reduce((total, each) => total.add(each)) };
  }

  return {
    note: `probability-flow ODE, ${STEPS} Runge-Kutta steps, divergence ${size > EXACT ? "by Hutchinson's estimate" : "exact"}`,
    schedule: () => at,
    start(x) {
      const probe = sign(
        noise
          .uniform(x.shape)
          .sub(0.5)
          .add(2 ** -26),
      );
      return { y: centered(x), probe, gained: constant(0).broadcastTo([x.shape[0]!]) };
    },
    step({ y, probe, gained }, levels, context) {
      const gain = rungeKutta(y!, levels, h, (state, sigma) => slope(state, sigma, probe!, context));
      return {
        y: y!.add(gain(({ change }) => change)),
        probe: probe!,
        gained: gained!.add(gain(({ divergence }) => divergence)),
      };
    },
    finish({ y, gained }) {
      const squares = sum(square(flatten(y!)), 1);
      const logNormal = squares.mul(-0.5 / HIGHEST ** 2).sub(size * (0.5 * Math.log(2 * Math.PI) + Math.log(HIGHEST)));
      return logNormal.add(gained!).add(logVolume);
    },
  };
}

/** dy/dl and its divergence. */
interface Slope {
  readonly change: Tensor;
  readonly divergence: Tensor;
}

/** 1 at the i-th value of each example, 0 elsewhere. */
function axisOf(y: Tensor, i: number): Tensor {
  const size = y.size / y.shape[0]!;
  const row = Array.from({ length: size }, (_, k) => Number(k === i));
  return constant(row, [1, ...y.shape.slice(1)]).broadcastTo(y.shape);
}
