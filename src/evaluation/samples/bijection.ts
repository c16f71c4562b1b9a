import { Input } from "../../graph/tensor.ts";
import type { Bijection } from "../../models/sampler.ts";
import type { Given } from "../condition.ts";
import { countRows, type ModelOnDevice } from "../model-on-device.ts";
import { cyclicRows } from "./cyclic-rows.ts";
import { drain } from "./sampling.ts";
import { SamplingLoop } from "./sampling-loop.ts";

/** Rows through one direction of a model's bijection: codes of examples [count, ...shape], or the examples of codes [count, size]. */
export async function mapped(
  trained: ModelOnDevice,
  given: Given,
  direction: "encode" | "decode",
  rows: Float32Array,
): Promise<Float32Array> {
  const { latent, [direction]: loop }: Bijection = trained.model.bijection!;
  const [shape, what, name] =
    direction === "encode" ? ([trained.shape, "examples", "x"] as const) : ([latent.shape, "codes", "z"] as const);
  const count = countRows(direction, name, rows, shape, what);
  given.check(direction);
  const schedule = loop.schedule();
  const held = trained.kept(
    `${direction} in steps ${given.key}`,
    () =>
      new SamplingLoop(trained, {
        name: direction,
        sampler: {
          start: (size, _, context) => loop.start(new Input("rows", [size, ...shape]), context),
          step: (state, at, _, context) => loop.step(state, at, context),
          finish: (state, _, context) => loop.finish(state, context),
        },
        given,
        options: {},
        point: schedule[0],
      }),
  );
  const inputs = (first: number, size: number) => ({
    rows: cyclicRows(rows, { first, rows: size, shape }),
    ...given.inputs(first, size),
  });
  return drain(held.run({ count, first: 0, seed: 0, schedule, inputs }));
}
