import { ConfigError } from "../errors.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { gather } from "../ops/index.ts";
import { stream } from "../random/index.ts";
import type { Bijector, Mapped } from "./bijector.ts";

/** A fixed order of the entries along axis 1, of volume 1: z_i = x_order(i). */
export class Permutation implements Bijector {
  readonly order: readonly number[];

  constructor(order: readonly number[]) {
    if (order.toSorted((a, b) => a - b).some((at, i) => at !== i))
      throw new ConfigError(
        `Permutation: no order of ${order.length}, got [${order}], expected each of 0 to ${order.length - 1} once`,
      );
    this.order = order;
  }

  static reversed(size: number): Permutation {
    return new Permutation(Array.from({ length: size }, (_, i) => size - 1 - i));
  }

  /** A random order, a function of the seed. */
  static shuffled(size: number, seed: number): Permutation {
    return new Permutation([...stream(seed, "permutation").permutation(size)]);
  }

  toLatent(x: Tensor): Mapped {
    return { z: ordered(x, this.order), logDet: constant(0).broadcastTo([x.shape[0]!]) };
  }

  toData(z: Tensor): Tensor {
    return ordered(
      z,
      this.order.map((_, i) => this.order.indexOf(i)),
    );
  }
}

const ordered = (t: Tensor, order: readonly number[]): Tensor =>
  gather(t, constant([...order], [order.length], "int64"), 1);
