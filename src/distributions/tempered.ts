import type { Tensor } from "../graph/tensor.ts";
import type { Distribution } from "./distribution.ts";
import { Independent } from "./independent.ts";
import { Normal } from "./normal.ts";

/**
 * A sample of a distribution at a temperature (a scalar): of a Gaussian with its standard deviation times the temperature, of any
 * other with the sample itself times it. Integers have none and are sampled as they are.
 */
export function tempered(d: Distribution, temperature: Tensor): Tensor {
  const base = d instanceof Independent ? d.base : d;
  if (base instanceof Normal) return new Normal(base.mean, base.std.mul(temperature)).sample();
  const z = d.sample();
  return z.dtype === "int64" ? z : z.mul(temperature);
}
