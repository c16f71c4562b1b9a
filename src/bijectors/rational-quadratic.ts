import { constant, type Tensor } from "../graph/tensor.ts";
import {
  and,
  cast,
  clamp,
  concat,
  greaterEqual,
  less,
  log,
  matmul,
  maximum,
  reshape,
  slice,
  softmax,
  softplus,
  split,
  sqrt,
  square,
  sum,
  where,
} from "../ops/index.ts";
import type { Elementwise } from "./elementwise.ts";

/** Least width and height of a bin as a fraction of those of even bins, and least slope at a knot: what is flatter has no inverse in float32. */
const least = { bin: 0.1, slope: 0.01 } as const;

/** softplus(x + unit) + least.slope is 1 at x = 0. */
const unit = Math.log(Math.expm1(1 - least.slope));

export interface RationalQuadraticOptions {
  readonly bins: number;
  /** B: it is the identity outside of [-B, B]. */
  readonly bound: number;
}

/**
 * Rational-quadratic spline (Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032) from [-B, B] onto itself, through K + 1 knots (x_k, y_k) with slopes d_k, and the
 * identity outside, which it meets with slope 1. In bin k, of width w and mean slope s = (y_k+1 - y_k) / w, with t = (x - x_k) / w (eq. 4):
 *
 *   z = y_k + (y_k+1 - y_k) (s t^2 + d_k t (1 - t)) / (s + (d_k+1 + d_k - 2 s) t (1 - t))
 *
 * K widths and K heights come from softmaxes, K - 1 inner slopes from a softplus.
 */
export function rationalQuadratic({ bins, bound }: RationalQuadraticOptions): Elementwise {
  return {
    parameters: 3 * bins - 1,
    toLatent(x, parameters) {
      // What is outside takes a branch of its own; clipped first, so that the other has finite derivatives there.
      const inside = and(greaterEqual(x, -bound), less(x, bound));
      const clipped = clamp(x, -bound, bound);
      const { width, height, left, bottom, slope, next } = binsOf(parameters, clipped, { bins, bound, axis: "x" });
      const mean = height.div(width);
      const t = clipped.sub(left).div(width);
      const both = t.mul(t.neg().add(1));
      const rest = next.add(slope).sub(mean.mul(2));
      const divisor = mean.add(rest.mul(both));
      const z = bottom.add(height.mul(mean.mul(square(t)).add(slope.mul(both))).div(divisor));
      // eq. 5: s^2 (d_k+1 t^2 + 2 s t (1 - t) + d_k (1 - t)^2) / divisor^2
      const numerator = next
        .mul(square(t))
        .add(mean.mul(both).mul(2))
        .add(slope.mul(square(t.neg().add(1))));
      const logSlope = log(mean.div(divisor)).mul(2).add(log(numerator));
      return { z: where(inside, z, x), logSlope: where(inside, logSlope, 0) };
    },
    toData(z, parameters) {
      const inside = and(greaterEqual(z, -bound), less(z, bound));
      const clipped = clamp(z, -bound, bound);
      const { width, height, left, bottom, slope, next } = binsOf(parameters, clipped, { bins, bound, axis: "z" });
      const mean = height.div(width);
      const up = clipped.sub(bottom);
      const rest = up.mul(next.add(slope).sub(mean.mul(2)));
      // The root of a t^2 + b t + c in [0, 1] (eq. 6-8), by the form that loses no digits where a is small.
      const a = height.mul(mean.sub(slope)).add(rest);
      const b = height.mul(slope).sub(rest);
      const c = mean.mul(up).neg();
      const discriminant = maximum(square(b).sub(a.mul(c).mul(4)), 0);
      const t = c.mul(2).div(b.neg().sub(sqrt(discriminant)));
      return where(inside, left.add(clamp(t, 0, 1).mul(width)), z);
    },
  };
}

/** What each value sees of its bin, [batch, values] each. */
interface Bin {
  readonly width: Tensor;
  readonly height: Tensor;
  readonly left: Tensor;
  readonly bottom: Tensor;
  readonly slope: Tensor;
  readonly next: Tensor;
}

/** The bins of values [batch, values] on one of the axes. */
function binsOf(
  parameters: Tensor,
  values: Tensor,
  { bins, bound, axis }: RationalQuadraticOptions & { readonly axis: "x" | "z" },
): Bin {
  const { shape } = values;
  // [batch, values, 2, bins]: widths, and heights.
  const raw = reshape(slice(parameters, -1, 0, 2 * bins), [...shape, 2, bins]);
  const sizes = softmax(raw)
    .mul(2 * bound * (1 - least.bin))
    .add((2 * bound * least.bin) / bins);
  const starts = matmul(sizes, sumsBefore(bins)).sub(bound);
  const inner = softplus(slice(parameters, -1, 2 * bins).add(unit)).add(least.slope);
  const edge = constant(1).broadcastTo([...shape, 1]);
  const slopes = concat([edge, inner, edge], -1);
  // From the second bin on: whether a value lies in it or above.
  const inBins = reshape(slice(slice(starts, -2, axis === "x" ? 0 : 1, axis === "x" ? 1 : 2), -1, 1), [
    ...shape,
    bins - 1,
  ]);
  const above = cast(greaterEqual(reshape(values, [...shape, 1]), inBins), "float32");
  const chosen = concat([edge, above], -1).sub(concat([above, edge.mul(0)], -1));
  const pair = (t: Tensor): Tensor => reshape(t, [...shape, 1, bins]);
  const all = concat([sizes, starts, pair(slice(slopes, -1, 0, bins)), pair(slice(slopes, -1, 1))], -2);
  const [width, height, left, bottom, slope, next] = split(sum(all.mul(pair(chosen)), -1), -1, 6).map((t) =>
    reshape(t, shape),
  ) as [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];
  return { width, height, left, bottom, slope, next };
}

/** A row times it: of each entry, the sum of those before. */
const sumsBefore = (size: number): Tensor =>
  constant(
    Array.from({ length: size ** 2 }, (_, i) => Number(Math.floor(i / size) < i % size)),
    [size, size],
  );
