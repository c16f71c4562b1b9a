import { grad } from "../../graph/grad.ts";
import { noise, type Tensor } from "../../graph/tensor.ts";
import { log, minimum, square } from "../../ops/arithmetic.ts";
import { greater, less, where } from "../../ops/comparison.ts";
import { exp } from "../../ops/elementwise.ts";

/**
 * One Hamiltonian Monte Carlo transition of every row of z [rows, dim], as one graph: it leaves the density proportional to
 * exp(logDensity(z)) as it is (Neal 2011, "MCMC using Hamiltonian dynamics", algorithm of section 3.2).
 *
 *   v ~ N(0, I);   `leapfrogs` times: v += e/2 grad, z += e v, v += e/2 grad;   accept with min(1, exp(H(z, v) - H(z', v')))
 *
 * with H = |v|^2 / 2 - logDensity(z). The step e is `stepSize` [rows, 1] times a factor sampled from 0.8 to 1.2 for each transition, for
 * trajectories of one length may be closed orbits. A proposal whose energy is not finite is rejected. `acceptance` [rows] is the
 * probability of accepting.
 */
export function hamiltonianTransition(
  z: Tensor,
  options: {
    readonly logDensity: (z: Tensor) => Tensor;
    readonly stepSize: Tensor;
    readonly leapfrogs: number;
  },
): { readonly z: Tensor; readonly accepted: Tensor; readonly acceptance: Tensor } {
  const { logDensity, stepSize, leapfrogs } = options;
  const [rows] = z.shape as [number, number];
  const at = (place: Tensor): { readonly density: Tensor; readonly gradient: Tensor } => {
    const density = logDensity(place);
    return { density, gradient: grad(density.sum(), [place])[0]! };
  };
  const step = stepSize.mul(noise.uniform([rows, 1]).mul(0.4).add(0.8));
  const start = noise.normal(z.shape);
  const first = at(z);
  let [place, velocity, here] = [z, start, first];
  for (let k = 0; k < leapfrogs; k++) {
    velocity = velocity.add(here.gradient.mul(step).mul(0.5));
    place = place.add(velocity.mul(step));
    here = at(place);
    velocity = velocity.add(here.gradient.mul(step).mul(0.5));
  }
  const kinetic = (v: Tensor): Tensor => square(v).sum(1).mul(0.5);
  const logRatio = here.density.sub(first.density).add(kinetic(start)).sub(kinetic(velocity));
  // Comparisons with NaN are false: such a proposal counts as rejected.
  const accepted = less(log(noise.uniform([rows])), logRatio);
  const acceptance = where(greater(logRatio, -80), exp(minimum(logRatio, 0)), 0);
  return { z: where(accepted.reshape([rows, 1]).broadcastTo(z.shape), place, z), accepted, acceptance };
}
