import { constant, noise, type Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { square } from "../../../ops/arithmetic.ts";
import { exp, floor } from "../../../ops/elementwise.ts";
import { flatten } from "../../../ops/movement.ts";
import { sum } from "../../../ops/reduction.ts";
import type { Elbo } from "../../model.ts";
import { type NoiseLevel, noisy } from "../noise/noise-level.ts";
import type { Denoised } from "../noise/prediction.ts";

/** Noise levels between which the bound is taken. */
const [LOWEST, HIGHEST] = [0.002, 80];

/**
 * Evidence lower bound of a diffusion model in continuous time (Kingma et al. 2021, arXiv:2107.00630; at alpha = 1, so that
 * SNR = 1 / sigma^2), of centered examples x [batch, ...shape] and up to `logVolume`:
 *
 *   rates.prior      KL(q(y_1|x) || N(0, sigmaMax^2))            =  |x|^2 / (2 sigmaMax^2)
 *   rates.diffusion  -1/2 int SNR'(sigma) |x - D|^2 dsigma       =  ln(sigmaMax / sigmaMin) E |n - N(y; sigma)|^2,  ln sigma uniform
 *   distortion       -E log N(x; y_0, sigmaMin^2)                =  d/2 (ln(2 pi sigmaMin^2) + 1)
 *
 * from one noise level of each example; those of a batch are spread evenly (there too).
 */
export function variationalBound(
  x: Tensor,
  denoise: (y: Tensor, level: NoiseLevel, context: Context) => Denoised,
  { context, logVolume }: { readonly context: Context; readonly logVolume: number },
): Elbo {
  const batch = x.shape[0]!;
  const size = x.size / batch;
  const even = constant(
    Array.from({ length: batch }, (_, i) => i / batch),
    [batch],
  );
  const shifted = even.add(noise.uniform([1]));
  const u = shifted.sub(floor(shifted));
  const range = Math.log(HIGHEST / LOWEST);
  const level = { alpha: constant(1), sigma: exp(u.mul(range).add(Math.log(LOWEST))) };
  const n = noise.normal(x.shape);
  const found = denoise(noisy(x, n, level), level, context).n;
  const squares = (t: Tensor): Tensor => sum(square(flatten(t)), 1);
  const prior = squares(x).mul(0.5 / HIGHEST ** 2);
  const diffusion = squares(n.sub(found)).mul(range);
  const nats = (size / 2) * (Math.log(2 * Math.PI * LOWEST ** 2) + 1) - logVolume;
  const distortion = constant(nats).broadcastTo([batch]);
  return { elbo: distortion.add(prior).add(diffusion).neg(), distortion, rates: { diffusion, prior } };
}
