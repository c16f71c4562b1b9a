import { ConfigError, DataError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { Input } from "../../graph/tensor.ts";
import { parseSettings } from "../../settings-schema.ts";
import { requireCapabilities } from "../capabilities.ts";
import { Given } from "../condition.ts";
import { checkCount, countRows } from "../model-on-device.ts";
import type { TrainedModel } from "../trained-model.ts";
import { cyclicRows } from "./cyclic-rows.ts";
import { drain } from "./sampling.ts";
import { type LoopParts, SamplingLoop, scalarsOf, structureOf } from "./sampling-loop.ts";

/** How to edit: the editor's own options by name, and those of every editor. */
export interface EditOptions {
  readonly seed?: number;
  /** 1 where values are sampled anew, 0 where they are kept: of one example for all, or one for each. Nothing is kept when missing. */
  readonly mask?: Float32Array | undefined;
  /** Called after each step, of all examples together. */
  readonly onStep?: ((step: number, steps: number) => void) | undefined;
  readonly [option: string]: unknown;
}

/**
 * Examples x [count, ...shape], sampled anew from the middle of the model's own sampling; with a mask, where it is 1 only. Throws
 * UnsupportedOpError for a model that has no editor, ConfigError for a mask that does not fit, or an option that is unknown, out of range or does nothing.
 *
 * @example
 * const choice = diffusion({ process: "flow", width: 32, depth: 1 });
 * const { trained } = await train(choice, "toy:moons:200", { steps: 20 });
 * const points = await trained.sample(4);
 * const mask = Float32Array.of(0, 1); // the second coordinate given the first
 * const edited = await editExamples(trained, points, { mask, steps: 8, resample: 2, seed: 1 });
 * edited[0] === points[0] && edited[1] !== points[1]; // true
 * await trained.release();
 */
export async function editExamples(
  trained: TrainedModel,
  x: Float32Array,
  { seed = 0, mask, onStep, ...options }: EditOptions = {},
): Promise<Float32Array> {
  const { model, shape } = trained;
  requireCapabilities(model, ["edit"], { where: "edit" });
  const editor = model.editor!;
  const count = countRows("edit", "x", x, shape, "examples");
  checkCount("edit", count);
  const wrong = x.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new DataError(
      `edit: example ${Math.floor(wrong / sizeOf(shape))} is not finite, got ${x[wrong]!}, expected numbers`,
    );
  if (mask) checkMask("edit", mask, { shape, count });
  const given = new Given(model, trained.condition);
  given.check("edit");
  const parsed: Readonly<Record<string, unknown>> = parseSettings(editor.options, options, (name) => `edit: ${name}`);
  const schedule = editor.schedule(parsed, { masked: mask !== undefined });
  const start = Object.keys(schedule.start);
  const sampler: LoopParts["sampler"] = {
    start: (rows, symbolic, context) => {
      const input = (name: string): Input => new Input(name, [rows, ...shape]);
      const at = Object.fromEntries(start.map((name) => [name, new Input(startInput(name), [])]));
      return editor.start({ x: input("x"), ...(mask && { mask: input("mask") }) }, at, symbolic, context);
    },
    step: (...args) => editor.step(...args),
    finish: (...args) => editor.finish(...args),
  };
  const [point] = schedule.steps;
  const key = `edit ${point ? "in steps" : "at once"} ${mask ? "masked" : ""} ${given.key} ${structureOf(parsed)}`;
  const loop = trained.kept(
    key,
    () => new SamplingLoop(trained, { name: "edit", sampler, given, options: parsed, point }),
  );
  const scalars = {
    ...scalarsOf(parsed),
    ...Object.fromEntries(
      Object.entries(schedule.start).map(([name, value]) => [startInput(name), Float32Array.of(value)]),
    ),
  };
  const inputs = (first: number, rows: number) => ({
    ...scalars,
    x: cyclicRows(x, { first, rows, shape }),
    ...(mask && { mask: cyclicRows(mask, { first, rows, shape }) }),
    ...given.inputs(first, rows),
  });
  return drain(loop.run({ count, first: 0, seed, schedule: schedule.steps, inputs }), ({ step, steps }) =>
    onStep?.(step, steps),
  );
}

const startInput = (name: string): string => `start.${name}`;

/** Throws ConfigError for a mask of other values than 0 and 1, or of neither one example nor `count`. */
export function checkMask(
  where: string,
  mask: ArrayLike<number>,
  { shape, count }: { readonly shape: Shape; readonly count: number },
): void {
  const size = sizeOf(shape);
  if (mask.length !== size && mask.length !== count * size)
    throw new ConfigError(
      `${where}: the mask does not fit the examples, got ${mask.length} values, expected ${size}: [${shape.join(", ")}]`,
    );
  const wrong = Array.from(mask).find((value) => value !== 0 && value !== 1);
  if (wrong !== undefined)
    throw new ConfigError(
      `${where}: a value of the mask is neither 0 nor 1, got ${Number(wrong.toPrecision(3))}, expected 1 for new values and 0 for kept ones`,
    );
}
