/** Gradients past a quantizer, whose own derivative is 0 almost everywhere: from the vector that it gives to the one it was given. */
import type { Tensor } from "../../../graph/tensor.ts";
import { maximum, sqrt, square } from "../../../ops/arithmetic.ts";
import { stopGradient, straightThrough } from "../../../ops/elementwise.ts";
import { sum } from "../../../ops/reduction.ts";

export const passedGradients = ["straight-through", "rotation"] as const;
export type PassedGradient = (typeof passedGradients)[number];

/** The values of e with a gradient into z, [n, dim] each. */
export const passGradient = (how: PassedGradient, e: Tensor, z: Tensor): Tensor =>
  how === "rotation" ? rotated(e, z) : straightThrough(e, z);

const norm = (v: Tensor): Tensor => sqrt(maximum(sum(square(v), 1, true), 1e-12));

/**
 * The rotation trick (Fifty et al. 2024, arXiv:2410.06424, section 4.2): z turned and scaled to e, by a map that counts as a constant,
 *
 *   e = (|e| / |z|) R z,   R = I - 2 r r^T + 2 e' z'^T,   r = (e' + z') / |e' + z'|,   e' = e / |e|,  z' = z / |z|
 *
 * so that the gradient of z is that of e turned and scaled back: the angle between gradient and vector is kept.
 */
function rotated(e: Tensor, z: Tensor): Tensor {
  const [fixedE, fixedZ] = [stopGradient(e), stopGradient(z)];
  const [normE, normZ] = [norm(fixedE), norm(fixedZ)];
  const [unitE, unitZ] = [fixedE.div(normE), fixedZ.div(normZ)];
  const between = unitE.add(unitZ);
  const r = between.div(norm(between));
  const along = (v: Tensor): Tensor => sum(v.mul(z), 1, true);
  return z
    .sub(r.mul(along(r)).mul(2))
    .add(unitE.mul(along(unitZ)).mul(2))
    .mul(normE.div(normZ));
}
