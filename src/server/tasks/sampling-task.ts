import { z } from "zod";
import { classNumber } from "../../data/class-number.ts";
import { ConfigError } from "../../errors.ts";
import type { ConditionValues } from "../../evaluation/condition.ts";
import { lacking } from "../../evaluation/capabilities.ts";
import { marginalNames } from "../../evaluation/samples/sampling.ts";
import { givesMeans, samplerOptions } from "../../evaluation/samples/shown-samples.ts";
import { sizeOf } from "../../graph/shape.ts";
import { kindOf } from "../../kinds/registry.ts";
import { idleSettings } from "../../models/idle-settings.ts";
import { samplerOf } from "../../models/sampler.ts";
import { conditionedOn, type Generator } from "../../runs/codes/generator.ts";
import type { LoadedRun } from "../../runs/load-run.ts";
import { runClassNames } from "../../runs/run-info.ts";
import { sampledClass, sampleRows } from "../../runs/samples/sample-rows.ts";
import { parseSettings } from "../../settings-schema.ts";
import { checkInputs } from "../check-inputs.ts";
import { type ServedTask, whileWatched } from "./served-task.ts";

/** What a condition may be in a request: a class by name or number, or numbers, by field. */
export const conditionSettings = {
  label: z
    .union([z.string().max(1000), z.int()])
    .optional()
    .describe("class to condition on, by name or number"),
  condition: z
    .record(z.string().max(1000), z.union([z.string().max(1000), z.number(), z.array(z.number()).max(1_000_000)]))
    .optional()
    .describe("other fields to condition on: a class, or numbers, by field"),
};

/** New examples of a run, as `latentkit sample` makes them; undefined where its model has no sampler. */
export function samplingTask(
  loaded: LoadedRun,
  generator: Generator,
  { mostRows }: { readonly mostRows: number },
): ServedTask | undefined {
  const sampler = samplerOf(loaded.trained.model);
  if (!sampler || lacking(loaded.trained.model, ["sample"])) return undefined;
  const { trained, run } = generator.loaded;
  const own = samplerOptions(sampler.options);
  const takesMean = givesMeans(trained.model);
  const common = z.strictObject({
    count: z.int().min(1).max(mostRows).default(1).describe("number of samples"),
    seed: z.int().min(0).default(0).describe("seed of the noise"),
    show: z
      .enum(["samples", "means"])
      .default(kindOf(trained.kind).shows)
      .describe("samples or means of p(x|z), where the model has one"),
    marginals: z
      .enum(marginalNames)
      .optional()
      .describe("tables: marginal distributions of the columns, the data's or the model's own"),
    previews: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(0)
      .describe("steps between pictures of the samples on their way, in a stream of events; 0: none"),
    ...conditionSettings,
  });
  const settings = common.extend(own.shape);
  return {
    about: "new examples",
    examplesOf: generator.loaded,
    inputs: [],
    outputs: [{ name: "x", type: { dtype: "float32", shape: ["batch", ...trained.shape] } }],
    settings,
    prepare({ arrays, settings: given }) {
      checkInputs(arrays, [], Object.keys(settings.shape));
      const all = parseSettings(settings, given, (name) => name);
      const { count, seed, show, marginals, previews } = common.parse(
        Object.fromEntries(Object.entries(all).filter(([name]) => Object.hasOwn(common.shape, name))),
      );
      const options = Object.fromEntries(
        Object.entries(all).filter(([name]) => Object.hasOwn(own.shape, name) && Object.hasOwn(given, name)),
      );
      idleSettings(own, options, all);
      if (previews > 0 && (generator.prior || !kindOf(trained.kind).picture))
        throw new ConfigError(
          `previews: there is no picture of the samples on their way, got ${previews}, expected 0: the model samples ${generator.prior ? "codes" : `examples of kind ${trained.kind}`}`,
        );
      const condition = conditionOf(loaded, all);
      const from = conditionedOn(generator, condition).trained;
      const { temperature } = options;
      const how = {
        seed,
        prior: generator.prior,
        condition,
        ...(typeof temperature === "number" && { temperature }),
        mean: show === "means" && takesMean,
        marginals,
        options,
      };
      return async (watch) => {
        const rows = new Float32Array(count * sizeOf(from.shape));
        const classes = sampledClass(from, how) ? new BigInt64Array(count) : undefined;
        let done = 0;
        const pieces = sampleRows(from, {
          ...how,
          count,
          onStep: whileWatched(watch),
          ...(previews > 0 && { previews: { every: previews, on: watch.onPreview } }),
        });
        for await (const { examples, classes: some } of pieces) {
          rows.set(examples, (done * rows.length) / count);
          if (some) classes?.set(Array.from(some, BigInt), done);
          done += (examples.length * count) / rows.length;
        }
        return {
          x: { dtype: "float32", shape: [count, ...from.shape], data: rows },
          ...(classes && { class: { dtype: "int64" as const, shape: [count], data: classes } }),
        };
      };
    },
  };

  function conditionOf({ run: codes }: LoadedRun, all: Readonly<Record<string, unknown>>): ConditionValues | undefined {
    const { label, condition } = z
      .object(conditionSettings)
      .parse({ label: all["label"], condition: all["condition"] });
    return requestedCondition({ label, condition }, [codes, run]);
  }
}

type RequestedCondition = z.output<z.ZodObject<typeof conditionSettings>>;

/** The condition that a request asks for, by field, of the data of some runs. Throws ConfigError for a class that there is not. */
export function requestedCondition(
  { label, condition = {} }: RequestedCondition,
  runs: readonly Pick<LoadedRun["run"], "info">[],
): ConditionValues | undefined {
  const fields = runs.flatMap(({ info }) => info.data.fields ?? []);
  const classNames = runs.map(({ info }) => runClassNames(info)).find((names) => names.length > 0);
  const values = Object.entries(condition).map(([name, v]): [string, readonly number[]] => {
    const field = fields.find((one) => one.name === name);
    if (Array.isArray(v)) return [name, v];
    if (field?.kind === "class") return [name, [classNumber(`condition.${name}`, String(v), field.classes)]];
    const number = Number(v);
    if (typeof v === "string" || !Number.isFinite(number))
      throw new ConfigError(`condition.${name}: not the numbers of a field, got ${JSON.stringify(v)}, expected a list`);
    return [name, [number]];
  });
  if (label === undefined && values.length === 0) return undefined;
  return {
    ...(label !== undefined && { class: [classNumber("label", String(label), classNames)] }),
    ...Object.fromEntries(values),
  };
}
