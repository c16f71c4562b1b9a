import type { Tensor } from "../graph/tensor.ts";
import { exp, reshape, slice, tanh } from "../ops/index.ts";

/**
 * A monotone function of each value, with parameters that a network gives for it; the identity where they are 0. Couplings and autoregressive bijectors are
 * made of such.
 */
export interface Elementwise {
  /** How many parameters each value has. */
  readonly parameters: number;
  /** Of x [batch, values] by parameters [batch, values, parameters], of any size: z, and log dz/dx of each value, [batch, values] both. */
  toLatent(x: Tensor, parameters: Tensor): { readonly z: Tensor; readonly logSlope: Tensor };
  /** The inverse. */
  toData(z: Tensor, parameters: Tensor): Tensor;
}

/** The largest |log scale|: a factor of 20 either way, so that neither direction overflows. */
const bound = 3;

/** z = x exp(s) + t, with s held within +-3 by a tanh. */
export const affine: Elementwise = {
  parameters: 2,
  toLatent(x, parameters) {
    const { logScale, shift } = scaleAndShift(parameters);
    return { z: x.mul(exp(logScale)).add(shift), logSlope: logScale };
  },
  toData(z, parameters) {
    const { logScale, shift } = scaleAndShift(parameters);
    return z.sub(shift).mul(exp(logScale.neg()));
  },
};

function scaleAndShift(parameters: Tensor): { readonly logScale: Tensor; readonly shift: Tensor } {
  const part = (at: number): Tensor => reshape(slice(parameters, -1, at, at + 1), parameters.shape.slice(0, -1));
  return { logScale: tanh(part(0).div(bound)).mul(bound), shift: part(1) };
}
