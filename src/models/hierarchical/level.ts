import { Normal } from "../../distributions/normal.ts";
import type { Shape } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { reshape, split } from "../../ops/movement.ts";

/** One latent of a hierarchy. Features h come down from the level above, features d up from the data. */
export interface Level {
  /** Of z_l of one example. */
  readonly shape: Shape;
  /** p(z_l|above), and what of h goes on. */
  prior(h: Tensor, context: Context): { readonly p: Normal; readonly h: Tensor };
  /** The recognition network's Gaussian, which a posterior is made of. */
  estimate(h: Tensor, d: Tensor, context: Context): Normal;
  /** Features for the level below, or for p(x|z) at the bottom. */
  next(h: Tensor, z: Tensor, context: Context): Tensor;
}

/** The networks of a hierarchy. */
export interface HierarchyNetworks {
  /** Top first. */
  readonly levels: readonly Level[];
  /** Features of x beside each level, top first. */
  rise(x: Tensor, context: Context): readonly Tensor[];
  /**
   * Inference from the bottom up, where it goes that way: each latent's Gaussian given a value of the one below. `take` gives the value of the
   * i-th from the top.
   */
  climb?(x: Tensor, context: Context, take: (q: Normal, i: number) => Tensor): void;
  /** Features above the top, of `count` examples. */
  start(count: number): Tensor;
  /** The parameters of p(x|z). */
  output(h: Tensor, context: Context): Tensor;
}

/** N(mean, exp(logVar)) of z [n, ...shape], from both side by side in the channels, [n, 2 c, ...]. */
export function gaussianOf(both: Tensor, shape: Shape): Normal {
  const [mean, logVar] = split(both, 1, 2).map((t) => reshape(t, [t.shape[0]!, ...shape])) as [Tensor, Tensor];
  return new Normal(mean, { logVar });
}
