import { ShapeError } from "../errors.ts";
import type { Shape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { concat, cos, reshape, sin, split, square } from "../ops/index.ts";
import { Derived } from "./derived.ts";
import type { Independent } from "./independent.ts";

/**
 * Points in the plane, turned about the origin by an angle in radians, counterclockwise: z = R(angle) u, where the two coordinates of u are
 * independent. Rotations preserve area, so that log p(z) = log p_u(R(-angle) z). Angles broadcast to the batch.
 */
export class Rotated extends Derived<Independent> {
  readonly angle: Tensor;
  readonly #cos: Tensor;
  readonly #sin: Tensor;

  constructor(base: Independent, angle: Tensor) {
    super(base);
    if (base.eventRank !== 1 || base.shape.at(-1) !== 2)
      throw new ShapeError(
        `Rotated: no points in the plane, got ${base.name} [${base.shape}] of event rank ${base.eventRank}, expected events of shape [2]`,
      );
    this.angle = angle;
    const each = reshape(angle, [...angle.shape, 1]);
    [this.#cos, this.#sin] = [cos(each), sin(each)];
  }

  override get name(): string {
    return `Rotated ${this.base.name}`;
  }
  override get mean(): Tensor {
    return this.#turned(this.base.mean.broadcastTo(this.shape));
  }
  override get variance(): Tensor {
    const [x, y] = split(this.base.variance.broadcastTo(this.shape), -1, 2);
    const [c, s] = [square(this.#cos), square(this.#sin)];
    return concat([c.mul(x).add(s.mul(y)), s.mul(x).add(c.mul(y))], -1);
  }
  logProb(z: Tensor): Tensor {
    const [x, y] = split(z, -1, 2);
    const back = [this.#cos.mul(x).add(this.#sin.mul(y)), this.#cos.mul(y).sub(this.#sin.mul(x))];
    return this.base.logProb(concat(back, -1));
  }
  override sample(sampleShape: Shape = []): Tensor {
    return this.#turned(this.base.sample(sampleShape));
  }
  override rsample(sampleShape: Shape = []): Tensor {
    return this.#turned(this.base.rsample(sampleShape));
  }

  #turned(u: Tensor): Tensor {
    const [x, y] = split(u, -1, 2);
    return concat([this.#cos.mul(x).sub(this.#sin.mul(y)), this.#sin.mul(x).add(this.#cos.mul(y))], -1);
  }
}
