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

interface DensityParts {
  readonly shape: Shape;
  readonly denoise: (y: Tensor, level: NoiseLevel, context: Context) => Denoised;
  /** Examples as the denoiser sees them, and the log of how much larger their volume is there. */
  readonly centered: (x: Tensor) => Tensor;
  readonly logVolume: number;
}

/** Steps of the Runge-Kutta method, and the levels they go between. */
const [STEPS, LOWEST, HIGHEST] = [24, 0.002, 80];
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
  const h = Math.log(HIGHEST / LOWEST) / STEPS;

  /** y - D and its divergence, [batch]. */
  function slope(y: Tensor, sigma: Tensor, probe: Tensor, context: Context): Slope {
    const change = y.sub(denoise(y, { alpha: constant(1), sigma }, context).x);
    const along = (v: Tensor): Tensor => sum(flatten(grad(sum(change.mul(v)), [y])[0]!.mul(v)), 1);
    const probes = size > EXACT ? [probe] : Array.from({ length: size }, (_, i) => axisOf(y, i));
    return { change, divergence: probes.map(along).reduce((total, each) => total.add(each)) };
  }

  return {
    note: `probability-flow ODE, ${STEPS} Runge-Kutta steps, divergence ${size > EXACT ? "by Hutchinson's estimate" : "exact"}`,
    schedule: () =>
      Array.from({ length: STEPS }, (_, i) => {
        const sigma = LOWEST * Math.exp(i * h);
        return { sigma, middle: sigma * Math.exp(h / 2), next: sigma * Math.exp(h) };
      }),
    start(x) {
      const probe = sign(
        noise
          .uniform(x.shape)
          .sub(0.5)
          .add(2 ** -26),
      );
      return { y: centered(x), probe, gained: constant(0).broadcastTo([x.shape[0]!]) };
    },
    step({ y, probe, gained }, { sigma, middle, next }, context) {
      const at = (from: Slope | undefined, part: number, level: Tensor): Slope =>
        slope(from ? y!.add(from.change.mul(part * h)) : y!, level, probe!, context);
      const k1 = at(undefined, 0, sigma!);
      const k2 = at(k1, 1 / 2, middle!);
      const k3 = at(k2, 1 / 2, middle!);
      const k4 = at(k3, 1, next!);
      const mean = (of: (k: Slope) => Tensor): Tensor =>
        of(k1)
          .add(of(k4))
          .add(of(k2).add(of(k3)).mul(2))
          .mul(h / 6);
      return {
        y: y!.add(mean(({ change }) => change)),
        probe: probe!,
        gained: gained!.add(mean(({ divergence }) => divergence)),
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
