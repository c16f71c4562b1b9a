import type { Shape } from "../graph/shape.ts";
import { type Tensor, Variable } from "../graph/tensor.ts";
import { exp } from "../ops/elementwise.ts";
import { sum } from "../ops/reduction.ts";
import type { Bijector, Mapped } from "./bijector.ts";

/** A learned scale of each value (Dinh, Krueger & Bengio 2014, arXiv:1410.8516, section 3.3): z_i = x_i exp(s_i), log |det dz/dx| = sum s. */
export class DiagonalScale implements Bijector {
  /** s. */
  readonly logScale: Variable;

  /** `shape`: of one example. */
  constructor(shape: Shape) {
    this.logScale = new Variable(shape, { kind: "constant", value: 0 });
  }

  toLatent(x: Tensor): Mapped {
    return { z: x.mul(exp(this.logScale)), logDet: sum(this.logScale).broadcastTo([x.shape[0]!]) };
  }

  toData(z: Tensor): Tensor {
    return z.mul(exp(this.logScale.neg()));
  }
}
