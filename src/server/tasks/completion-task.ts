import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { checkMask, editExamples } from "../../evaluation/samples/editing.ts";
import { sizeOf } from "../../graph/shape.ts";
import { idleSettings } from "../../models/idle-settings.ts";
import type { LoadedRun } from "../../runs/load-run.ts";
import { parseSettings } from "../../settings-schema.ts";
import { checkInputs } from "../check-inputs.ts";
import { conditionSettings, requestedCondition } from "./sampling-task.ts";
import { type ServedTask, whileWatched } from "./served-task.ts";

/** Samples of what is missing of examples given what is kept, as `latentkit complete` makes them; undefined where the model has no editor. */
export function completionTask(loaded: LoadedRun, { mostRows }: { readonly mostRows: number }): ServedTask | undefined {
  const { trained, run } = loaded;
  const { editor } = trained.model;
  if (!editor || run.info.parent) return undefined;
  const own = editor.options instanceof z.ZodObject ? editor.options : z.strictObject({});
  const common = z.strictObject({
    seed: z.int().min(0).default(0).describe("seed of the noise"),
    ...conditionSettings,
  });
  const settings = common.extend(own.shape);
  const examples = { dtype: "float32", shape: ["batch", ...trained.shape] } as const;
  const inputs = [
    { name: "x", type: examples },
    { name: "mask", type: examples },
  ];
  return {
    about:
      "examples with new values where the mask is 1, given those where it is 0; the mask of one example is that of all",
    examplesOf: loaded,
    inputs,
    outputs: [{ name: "x", type: examples }],
    settings,
    prepare({ arrays, settings: given }) {
      checkInputs(arrays, inputs, Object.keys(settings.shape));
      const { x, mask } = arrays as Readonly<Record<"x" | "mask", (typeof arrays)[string]>>;
      const count = x.shape[0]!;
      if (count < 1 || count > mostRows)
        throw new ConfigError(`x: number of rows, got ${count}, expected 1 to ${mostRows}`);
      const masked = mask.shape[0]!;
      if (masked !== 1 && masked !== count)
        throw new ConfigError(`mask: rows differ, got ${masked}, expected 1 or ${count} as of x`);
      const values = mask.data as Float32Array;
      checkMask("mask", values, { shape: trained.shape, count });
      const [low, high] = run.info.data.range === null ? [-Infinity, Infinity] : [0, 1];
      const wrong = (x.data as Float32Array).findIndex(
        (v, i) => values[i % values.length] === 0 && (v < low || v > high),
      );
      if (wrong !== -1)
        throw new ConfigError(
          `x: a value that is kept is none of the data's, got ${String(x.data[wrong])} in example ${Math.floor(wrong / sizeOf(trained.shape))}, expected 0 to 1`,
        );
      const all = parseSettings(settings, given, (name) => name);
      const options = Object.fromEntries(Object.entries(all).filter(([name]) => Object.hasOwn(own.shape, name)));
      idleSettings(
        own,
        Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(given, name))),
        all,
      );
      const { seed, label, condition } = common.parse(
        Object.fromEntries(Object.entries(all).filter(([name]) => Object.hasOwn(common.shape, name))),
      );
      const wanted = requestedCondition({ label, condition }, [run]);
      const from = wanted ? trained.given(wanted) : trained;
      return async (watch) => ({
        x: {
          dtype: "float32",
          shape: x.shape,
          data: await editExamples(from, x.data as Float32Array, {
            ...options,
            seed,
            mask: values,
            onStep: whileWatched(watch),
          }),
        },
      });
    },
  };
}
