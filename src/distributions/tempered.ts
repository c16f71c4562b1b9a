import type { Tensor } from "../graph/tensor.ts";
import { concat } from "../ops/movement.ts";
import type { Distribution } from "./distribution.ts";
import { Independent } from "./independent.ts";
import { Joint } from "./joint.ts";
import { Laplace } from "./laplace.ts";
import { Logistic } from "./logistic.ts";
import { Mixture } from "./mixture.ts";
import { Normal } from "./normal.ts";
import { OneHotCategorical } from "./one-hot-categorical.ts";
import { Rotated } from "./rotated.ts";
import { StudentT } from "./student-t.ts";

/**
 * A sample of a distribution at a temperature (a scalar): its standard deviation about its location is times the temperature, in a
 * mixture that of each component, in a joint distribution that of each part. Of any other distribution the sample itself is; classes
 * have none and are sampled as they are.
 */
export function tempered(d: Distribution, temperature: Tensor): Tensor {
  if (d instanceof Joint)
    return concat(
      d.parts.map((part) => tempered(part, temperature)),
      -1,
    );
  if (d instanceof OneHotCategorical) return d.sample();
  const scaled = scaledBy(d, temperature);
  if (scaled) return scaled.sample();
  const z = d.sample();
  return z.dtype === "int64" ? z : z.mul(temperature);
}

/** The distribution with its scale times a factor; undefined for one without a scale. */
function scaledBy(d: Distribution, factor: Tensor): Distribution | undefined {
  if (d instanceof Normal) return new Normal(d.mean, d.std.mul(factor));
  if (d instanceof Laplace) return new Laplace(d.mean, d.scale.mul(factor));
  if (d instanceof Logistic) return new Logistic(d.mean, d.scale.mul(factor));
  if (d instanceof StudentT) return new StudentT(d.df, d.location, d.scale.mul(factor));
  if (d instanceof Independent) {
    const base = scaledBy(d.base, factor);
    return base && new Independent(base, d.axes);
  }
  if (d instanceof Rotated) {
    const base = scaledBy(d.base.base, factor);
    return base && new Rotated(new Independent(base, d.base.axes), d.angle);
  }
  if (d instanceof Mixture) {
    const components = scaledBy(d.components, factor);
    return components && new Mixture(d.logits, components);
  }
  return undefined;
}
