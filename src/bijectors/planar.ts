import type { Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";
import { abs, greater, log, reshape, softplus, square, sum, tanh, where } from "../ops/index.ts";
import type { Bijector, Mapped } from "./bijector.ts";
import { GivenParameters } from "./given-parameters.ts";

/** Halvings of an interval that holds the root: below float32's resolution. */
const HALVINGS = 30;

/** Least slope along w, so that there is an inverse in float32. */
const least = 0.02;

/**
 * Planar bijector of vectors (Rezende & Mohamed 2015, arXiv:1505.05770, eq. 10-12): it expands or contracts along w around the plane w.x + b = 0,
 *
 *   z = x + u tanh(w.x + b),     log |det dz/dx| = log(1 + w.u tanh'(w.x + b))
 *
 * It is invertible where w.u > -1, for which the part of a free u along w is replaced (appendix A.1), by a function that leaves u = 0 as it is. The
 * inverse is one number, a = w.x, the root of the increasing function a + w.u tanh(a + b) - w.z, found by halving.
 */
export class Planar implements Bijector {
  readonly direction: GivenParameters;
  readonly offset: GivenParameters;
  readonly shift: GivenParameters;

  /** `given`: length of the vector that examples are conditioned on, of which w, b and u are then functions. */
  constructor(size: number, { given = 0 }: { readonly given?: number } = {}) {
    this.direction = new GivenParameters(size, { std: 1 / Math.sqrt(size), given });
    this.offset = new GivenParameters(1, { given });
    this.shift = new GivenParameters(size, { given });
  }

  toLatent(x: Tensor, _context: Context, given?: Tensor): Mapped {
    const { w, b, u, along } = this.#parameters(given);
    const h = tanh(dot(x, w).add(b));
    const slope = along.mul(square(h).neg().add(1)).add(1);
    return { z: x.add(u.mul(h)), logDet: reshape(log(slope), [-1]) };
  }

  toData(z: Tensor, _context: Context, given?: Tensor): Tensor {
    const { w, b, u, along } = this.#parameters(given);
    const c = dot(z, w);
    let step = abs(along);
    let a = c;
    for (let i = 0; i < HALVINGS; i++) {
      step = step.mul(0.5);
      const above = greater(a.add(along.mul(tanh(a.add(b)))), c);
      a = a.add(where(above, step.neg(), step));
    }
    return z.sub(u.mul(tanh(a.add(b))));
  }

  /** `along`: w.u, above -1. */
  #parameters(given: Tensor | undefined): Readonly<Record<"w" | "b" | "u" | "along", Tensor>> {
    const w = this.direction.of(given);
    const free = this.shift.of(given);
    const before = dot(free, w);
    // softplus(x + log(e^(1 - least) - 1)) is 1 - least at x = 0.
    const along = softplus(before.add(Math.log(Math.expm1(1 - least)))).sub(1 - least);
    const u = free.add(w.mul(along.sub(before).div(dot(w, w).add(1e-6))));
    return { w, b: this.offset.of(given), u, along: dot(u, w) };
  }
}

const dot = (x: Tensor, y: Tensor): Tensor => sum(x.mul(y), 1, true);
