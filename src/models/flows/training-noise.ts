import type { Bijector, Mapped } from "../../bijectors/bijector.ts";
import { normalNoise } from "../../distributions/noise.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";

/**
 * The identity, but in training, where examples get noise of a standard deviation: a regularizer of densities (Rothfuss et al. 2019, arXiv:1907.08982). What is
 * learned is the density of examples with the noise, which is smoother by as much.
 */
export class TrainingNoise implements Bijector {
  readonly std: number;

  constructor(std: number) {
    this.std = std;
  }

  toLatent(x: Tensor, context: Context): Mapped {
    const z = context.training ? x.add(normalNoise(x.shape, x.dtype).mul(this.std)) : x;
    return { z, logDet: constant(0).broadcastTo([x.shape[0]!]) };
  }

  toData(z: Tensor): Tensor {
    return z;
  }
}
