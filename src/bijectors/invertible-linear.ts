import { constant, type Tensor, Variable } from "../graph/tensor.ts";
import { exp } from "../ops/elementwise.ts";
import { conv } from "../ops/convolution.ts";
import { concat, reshape, slice, transpose } from "../ops/movement.ts";
import { tril, triu } from "../ops/linalg.ts";
import { sum } from "../ops/reduction.ts";
import type { Bijector, Mapped } from "./bijector.ts";

/**
 * One learned matrix at every position: an invertible 1x1 convolution of images, a linear map of vectors (Kingma & Dhariwal 2018,
 * arXiv:1807.03039, section 3.2),
 *
 *   z = W x,     W = R L (U + diag(exp s)),     log |det dz/dx| = (positions) sum s
 *
 * with L unit lower and U strictly upper triangular. R, a permutation in eq. 10, is a fixed random rotation, so that W starts as one.
 */
export class InvertibleLinear implements Bijector {
  /** R. */
  readonly rotation: Variable;
  readonly lower: Variable;
  readonly upper: Variable;
  /** s. */
  readonly logScale: Variable;

  constructor(channels: number) {
    const square = [channels, channels];
    this.rotation = new Variable(square, { kind: "orthogonal", gain: 1 }, { trainable: false });
    this.lower = new Variable(square, { kind: "constant", value: 0 });
    this.upper = new Variable(square, { kind: "constant", value: 0 });
    this.logScale = new Variable([channels], { kind: "constant", value: 0 });
  }

  /** Of x [batch, channels, ...]. */
  toLatent(x: Tensor): Mapped {
    const { lower, upper } = this.#factors;
    const [batch, channels] = x.shape as readonly [number, number];
    const logDet = sum(this.logScale).mul(x.size / batch / channels);
    return { z: applied(this.rotation.matmul(lower).matmul(upper), x), logDet: logDet.broadcastTo([batch]) };
  }

  toData(z: Tensor): Tensor {
    const { lower, upper } = this.#factors;
    const upperInverse = transpose(lowerInverse(transpose(upper)));
    return applied(upperInverse.matmul(lowerInverse(lower)).matmul(transpose(this.rotation)), z);
  }

  /** L and U + diag(exp s). */
  get #factors(): { readonly lower: Tensor; readonly upper: Tensor } {
    const channels = this.logScale.size;
    const identity = constant(
      Array.from({ length: channels ** 2 }, (_, i) => Number(i % (channels + 1) === 0)),
      [channels, channels],
    );
    return {
      lower: tril(this.lower, -1).add(identity),
      upper: triu(this.upper, 1).add(identity.mul(exp(this.logScale))),
    };
  }
}

/** A matrix times the channels of x [batch, channels, ...] at every position. */
function applied(matrix: Tensor, x: Tensor): Tensor {
  if (x.rank === 2) return x.matmul(transpose(matrix));
  return conv(x, reshape(matrix, [...matrix.shape, ...x.shape.slice(2).map(() => 1)]));
}

/** The inverse of a lower triangular matrix, by blocks: [[A, 0], [B, C]]^-1 = [[A^-1, 0], [-C^-1 B A^-1, C^-1]]. */
function lowerInverse(matrix: Tensor): Tensor {
  const size = matrix.shape[0]!;
  if (size === 1) return constant(1, [1, 1], matrix.dtype).div(matrix);
  const half = Math.floor(size / 2);
  const block = (row: number, column: number): Tensor => {
    const rows = row === 0 ? slice(matrix, 0, 0, half) : slice(matrix, 0, half);
    return column === 0 ? slice(rows, 1, 0, half) : slice(rows, 1, half);
  };
  const [top, bottom] = [lowerInverse(block(0, 0)), lowerInverse(block(1, 1))];
  const corner = bottom.matmul(block(1, 0)).matmul(top).neg();
  const zeros = constant(0, [], matrix.dtype).broadcastTo([half, size - half]);
  return concat([concat([top, zeros], 1), concat([corner, bottom], 1)], 0);
}
