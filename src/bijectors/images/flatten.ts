import type { Shape } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { flatten, reshape } from "../../ops/movement.ts";
import { type Bijector, type Mapped, unchangedVolume } from "../bijector.ts";

/** Examples of a shape as vectors: the last of a chain of images. */
export class Flatten implements Bijector {
  readonly shape: Shape;

  constructor(shape: Shape) {
    this.shape = shape;
  }

  toLatent(x: Tensor): Mapped {
    return { z: flatten(x), logDet: unchangedVolume(x) };
  }

  toData(z: Tensor): Tensor {
    return reshape(z, [z.shape[0]!, ...this.shape]);
  }
}
