import { type Tensor } from "../graph/tensor.ts";
import { factored, mul } from "./arithmetic.ts";
import { transpose } from "./movement.ts";

/** [n, ...] -> [..., n]. */
export const toLast = (t: Tensor): Tensor => transpose(t, [...Array.from({ length: t.rank - 1 }, (_, i) => i + 1), 0]);

/** Axis of the batch-last tensor that each ordinary axis corresponds to. */
export const rotation = (rank: number): readonly number[] => [
  rank - 1,
  ...Array.from({ length: rank - 1 }, (_, i) => i),
];

/** [..., n] -> [n, ...]: the ordinary view of a batch-last tensor. */
export const toFirst = (t: Tensor): Tensor => transpose(t, rotation(t.rank));

/** The batch-last tensor of which t is the ordinary view, or null. */
export function batchLast(t: Tensor): Tensor | null {
  const [rest, factor] = factored(t);
  if (
    t.rank < 2 ||
    rest.op.name !== "Transpose" ||
    `${rest.attrs["permutation"] as readonly number[]}` !== `${rotation(t.rank)}`
  )
    return null;
  return factor === 1 ? rest.inputs[0]! : mul(rest.inputs[0]!, factor);
}

/** With fewer examples the runs are too short. */
export const smallestBatch = 16;
