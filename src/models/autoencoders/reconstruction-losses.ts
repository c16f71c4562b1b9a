import { Bernoulli } from "../../distributions/bernoulli.ts";
import { sumLastAxes } from "../../distributions/independent.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { sigmoid } from "../../ops/elementwise.ts";
import { abs, square } from "../../ops/arithmetic.ts";

export const reconstructionLossNames = ["l2", "l1", "bce"] as const;
export type ReconstructionLossName = (typeof reconstructionLossNames)[number];

/** A reconstruction loss, as a value. */
export interface ReconstructionLoss {
  /** The reconstruction that an output [batch, ...shape] represents. */
  example(output: Tensor): Tensor;
  /** The distance of each example, summed over its values: [batch]. */
  distance(output: Tensor, x: Tensor): Tensor;
}

const same = (output: Tensor): Tensor => output;
const perExample = (t: Tensor): Tensor => sumLastAxes(t, t.rank - 1);

/**
 * - `l2`: sum (x - output)^2
 * - `l1`: sum |x - output|
 * - `bce`: the cross-entropy of intensities, -sum x log p + (1 - x) log(1 - p), with p = sigmoid(output)
 */
export const reconstructionLosses: Readonly<Record<ReconstructionLossName, ReconstructionLoss>> = {
  l2: { example: same, distance: (output, x) => perExample(square(output.sub(x))) },
  l1: { example: same, distance: (output, x) => perExample(abs(output.sub(x))) },
  bce: { example: sigmoid, distance: (output, x) => perExample(new Bernoulli(output).logProb(x)).neg() },
};
