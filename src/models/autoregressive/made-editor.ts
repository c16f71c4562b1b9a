import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { constant, noise, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { log, maximum } from "../../ops/arithmetic.ts";
import { and, cast, equal, greater, greaterEqual, where } from "../../ops/comparison.ts";
import { exp } from "../../ops/elementwise.ts";
import { gather } from "../../ops/indexing.ts";
import { reshape } from "../../ops/movement.ts";
import { sum } from "../../ops/reduction.ts";
import type { Codes } from "../latent.ts";
import type { Edited, Editor } from "../sampler.ts";
import type { Conditionals } from "./conditionals.ts";
import type { AutoregressiveMasks } from "../../nn/autoregressive-masks.ts";

/** What the editor needs of the model. */
export interface MadeEditorParts {
  readonly shape: Shape;
  /** Whether values are 0 or 1: given ones between are rounded. */
  readonly binary: boolean;
  readonly conditionals: Conditionals;
  readonly masks: AutoregressiveMasks;
  /** Outputs [rows, outputs] for rows x [rows, values] under one set of masks, int64 [1]. */
  outputs(x: Tensor, set: Tensor, context: Context): Tensor;
}

const madeEditorOptions = z.strictObject({
  candidates: z
    .int()
    .min(1)
    .max(1000)
    .default(16)
    .describe(
      "candidates for what is missing, of which one is taken by how well what is kept follows from it; more are nearer to p(missing | kept)",
    ),
});
export type MadeEditorOptions = z.output<typeof madeEditorOptions>;

/**
 * Samples of p(missing | kept) by importance resampling (Rubin 1987, J. Am. Stat. Assoc. 82:543). A candidate goes through the variables in the ordering of a set
 * s of masks that is drawn alike: what is missing is sampled given all before it, and what is kept gives the candidate its weight
 *
 *   w = prod_(kept i) p_s(x_i | x_before) = p_s(x) / prod_(missing i) p_s(x_i | x_before)
 *
 * the ratio of the model to how the candidate was made. Candidates come one after another, and each takes the place of the one before with the
 * probability w / (the sum of weights so far), so that every one of them is the last with a probability proportional to its weight.
 */
export function madeEditor(parts: MadeEditorParts): Editor<MadeEditorOptions> {
  const { conditionals, masks, shape } = parts;
  const { variables, ofValue } = conditionals;
  const firstValues = Array.from({ length: variables }, (_, variable) => ofValue.indexOf(variable));
  const places = constant(masks.orderings.flat(), [masks.sets, variables]);
  return {
    options: madeEditorOptions,
    schedule({ candidates }, { masked }) {
      if (!masked)
        throw new ConfigError(
          "edit: an autoregressive model completes examples, got none of their values to keep, expected a mask, or latentkit complete",
        );
      const places = Array.from({ length: variables }, (_, place) => ({ place }));
      return { start: {}, steps: Array.from({ length: candidates }, () => places).flat() };
    },
    start({ x, mask }: Edited): Codes {
      const rows = x.shape[0]!;
      const given = reshape(x, [rows, sizeOf(shape)]);
      const kept = parts.binary ? cast(greaterEqual(given, 0.5), "float32") : given;
      // A category is missing where the first of its values is.
      const missing = gather(reshape(mask!, kept.shape), int64(firstValues), 1);
      const none = constant(0).broadcastTo([rows]);
      return {
        x: kept,
        missing,
        example: given,
        chosen: kept,
        set: masks.drawn(),
        weight: none,
        total: none.sub(1e30),
      };
    },
    step(state, { place }, _, context) {
      const { x, missing, example, chosen, weight, total } = state as Readonly<Record<string, Tensor>> & StateOf;
      const set = where(equal(place!, 0), masks.drawn(), state["set"]!);
      const outputs = parts.outputs(x, set, context);
      const here = cast(equal(gather(places, set, 0), place!), "float32");
      const kept = missing.neg().add(1).mul(here);
      const sofar = where(equal(place!, 0), 0, weight).add(sum(conditionals.logProbs(outputs, x).mul(kept), 1));
      const anew = greater(gather(missing.mul(here), int64(ofValue), 1), 0.5);
      const next = where(anew, conditionals.sample(outputs), x);
      const last = equal(place!, variables - 1);
      const sums = where(last, logAddExp(total, sofar), total);
      const taken = and(last, greater(sofar.sub(sums), log(noise.uniform(sofar.shape))));
      return {
        x: next,
        missing,
        example,
        chosen: where(reshape(taken, [-1, 1]), next, chosen),
        set,
        weight: sofar,
        total: sums,
      };
    },
    finish: ({ chosen, missing, example }) =>
      reshape(where(greater(gather(missing!, int64(ofValue), 1), 0.5), chosen!, example!), [-1, ...shape]),
  };
}

type StateOf = Readonly<Record<"x" | "missing" | "example" | "chosen" | "weight" | "total", Tensor>>;

const int64 = (numbers: readonly number[]): Tensor => constant([...numbers], [numbers.length], "int64");

function logAddExp(a: Tensor, b: Tensor): Tensor {
  const most = maximum(a, b);
  return most.add(log(exp(a.sub(most)).add(exp(b.sub(most)))));
}
