import { constant, noise, type Tensor } from "../../graph/tensor.ts";
import { clamp, maximum, pow, sqrt, square } from "../../ops/arithmetic.ts";
import { greater, where } from "../../ops/comparison.ts";
import { exp, floor, sigmoid, stopGradient } from "../../ops/elementwise.ts";
import { flatten } from "../../ops/movement.ts";
import { sum } from "../../ops/reduction.ts";
import { type NoiseLevel, noisy, over } from "./noise/noise-level.ts";
import { karrasLevels, type NoiseProcess } from "./noise/noise-process.ts";

/** Noise levels of training and sampling. */
const [LOWEST, HIGHEST] = [0.002, 80];
/** Of ln t in training (arXiv:2310.14189), and of r (arXiv:2406.14548). */
const LOG_NORMAL = { mean: -1.1, std: 2 };
const GAP = { q: 2, k: 8, b: 1 };

/** Levels of consistency training. Samples go through levels of Karras's without the lowest: D makes an example of any. */
export const consistencyNoise: NoiseProcess = {
  training: (batch) => ({
    alpha: constant(1).broadcastTo([batch]),
    sigma: clamp(exp(noise.normal([batch]).mul(LOG_NORMAL.std).add(LOG_NORMAL.mean)), LOWEST, HIGHEST),
  }),
  grid: ({ steps, rho }) => karrasLevels(steps + 1, HIGHEST, LOWEST, rho).slice(0, steps),
};

/**
 * Consistency training (Song et al. 2023, arXiv:2303.01469): D at a noise level t is to be D at a lower one r, of the same example
 * and noise, so that D(y; t) becomes the end of the probability-flow ODE's path through y. Per example, [batch]:
 *
 *   d(D(x + t n; t), stopGradient(D(x + r n; r))) / (t - r),  d(a, b) = sqrt(|a - b|^2 + c^2) - c,  c = 0.00054 sqrt(dim)
 *   r = max(0, t (1 - n(t) / q^stage)),  n(t) = 1 + k sigmoid(-b t)
 *
 * with distance and weight of Song & Dhariwal 2024 (arXiv:2310.14189) and r of Geng et al. 2025 (arXiv:2406.14548): where r = 0,
 * as at every level in stage 0, D(x; 0) = x and this is training of a denoiser.
 */
export function consistencyLosses(
  x: Tensor,
  denoise: (y: Tensor, level: NoiseLevel) => Tensor,
  { t, stage }: { readonly t: Tensor; readonly stage: Tensor },
): Tensor {
  const n = noise.normal(x.shape);
  const gap = sigmoid(t.mul(-GAP.b))
    .mul(GAP.k)
    .add(1)
    .div(pow(constant(GAP.q), stage));
  const r = maximum(t.mul(gap.neg().add(1)), 0);
  const at = (sigma: Tensor): Tensor => {
    const level = { alpha: constant(1), sigma };
    return denoise(noisy(x, n, level), level);
  };
  const before = where(over(x, greater(r, LOWEST)), at(maximum(r, LOWEST)), x);
  const c = 0.00054 * Math.sqrt(x.size / x.shape[0]!);
  const squares = sum(square(flatten(at(t).sub(stopGradient(before)))), 1);
  return sqrt(squares.add(c * c))
    .sub(c)
    .div(t.sub(r));
}

/** Stages so far: one every so many steps. */
export const stageOf = (step: Tensor, stageSteps: number): Tensor => floor(step.div(stageSteps));
