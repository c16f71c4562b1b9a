import { grad } from "../../graph/grad.ts";
import { noise, type Tensor } from "../../graph/tensor.ts";
import { sqrt, square } from "../../ops/arithmetic.ts";
import { sigmoid, stopGradient } from "../../ops/elementwise.ts";
import { concat, flatten, split } from "../../ops/movement.ts";
import { mean, sum } from "../../ops/reduction.ts";

/** f of a batch of any number of examples: [n, ...shape] -> [n]. Its batches hold the same conditions again and again. */
export type Discriminate = (x: Tensor) => Tensor;

/** What a penalty on the gradient of f is computed from: real examples and samples, [batch, ...shape] each. */
export interface Examples {
  readonly real: Tensor;
  readonly fake: Tensor;
}

/** A term of the discriminator's loss, before its weight: a scalar. */
export interface GradientPenalty {
  of(f: Discriminate, examples: Examples): Tensor;
  /** Whether it passes over both kinds in one batch, so that the loss does too. */
  readonly joint: boolean;
  /** Weight that the paper gives it, factors of its formula included. */
  readonly weight: number;
  /** Steps over which its weight falls to a hundredth; 0 where it is constant. */
  readonly annealing: number;
}

/** |df(x_i)/dx_i|^2 of each example, [n], and f itself; both can be differentiated again. */
function squaredGradients(f: Discriminate, x: Tensor): { readonly squares: Tensor; readonly values: Tensor } {
  const values = f(x);
  // No example's value depends on another example, so the gradient of the sum holds the gradient of each.
  const [gradient] = grad(sum(values), [x]);
  return { squares: sum(square(flatten(gradient!)), 1), values };
}

/** Of both kinds of examples in one pass. */
function ofBoth(f: Discriminate, { real, fake }: Examples) {
  const { squares, values } = squaredGradients(f, concat([real, fake], 0));
  const [onReal, onFake] = halves(squares);
  return { onReal, onFake, values: halves(values) };
}

/** What was computed of real examples and of samples in one batch. */
export const halves = (both: Tensor): readonly [real: Tensor, fake: Tensor] => split(both, 0, 2);

/** The mean over a batch of gamma/2 |grad|^2 without gamma. */
const half = (squares: Tensor): Tensor => mean(squares).div(2);

export const gradientPenalties = {
  /**
   * Gulrajani et al. 2017, arXiv:1704.00028, eq. 3: E[(|df(xHat)/dxHat| - 1)^2] at points between pairs, xHat = e x + (1 - e) G(z) with
   * e ~ U[0, 1]; the norm is each example's. Weight: lambda.
   */
  interpolates: {
    of(f, { real, fake }) {
      const e = noise.uniform([real.shape[0]!, ...real.shape.slice(1).map(() => 1)]);
      const between = stopGradient(fake.add(e.mul(real.sub(fake))));
      // The root has no slope at 0.
      return mean(square(sqrt(squaredGradients(f, between).squares.add(1e-12)).sub(1)));
    },
    joint: false,
    weight: 10,
    annealing: 0,
  },
  /**
   * Roth et al. 2017, arXiv:1705.09367, algorithm 1, the regularizer of the Jensen-Shannon GAN: with D = sigmoid(f),
   *
   *   gamma/2 Omega,   Omega = E_x[(1 - D)^2 |df/dx|^2] + E_G[D^2 |df/dx|^2]
   *
   * Weight: gamma, which falls exponentially from 2 to 0.02.
   */
  js: {
    of(f, examples) {
      const { onReal, onFake, values } = ofBoth(f, examples);
      const [real, fake] = values;
      return half(
        square(sigmoid(real.neg()))
          .mul(onReal)
          .add(square(sigmoid(fake)).mul(onFake)),
      );
    },
    joint: true,
    weight: 2,
    annealing: 10_000,
  },
  /** Mescheder, Geiger & Nowozin 2018, arXiv:1801.04406, eq. 9: gamma/2 E_x[|df/dx|^2] on real examples. Weight: gamma. */
  r1: { of: (f, { real }) => half(squaredGradients(f, real).squares), joint: false, weight: 10, annealing: 0 },
  /** The same on samples (eq. 10 there). */
  r2: { of: (f, { fake }) => half(squaredGradients(f, fake).squares), joint: false, weight: 10, annealing: 0 },
  /** Both, as in R3GAN (Huang et al. 2024, arXiv:2501.05441, section 2.2). */
  "r1-r2": {
    of(f, examples) {
      const { onReal, onFake } = ofBoth(f, examples);
      return half(onReal.add(onFake));
    },
    joint: true,
    weight: 1,
    annealing: 0,
  },
} satisfies Readonly<Record<string, GradientPenalty>>;
export type GradientPenaltyName = keyof typeof gradientPenalties | "none";
export const gradientPenaltyNames = ["none", ...Object.keys(gradientPenalties)] as [
  GradientPenaltyName,
  ...GradientPenaltyName[],
];
