import { ConfigError } from "../errors.ts";
import { type HostArray } from "../runtime/host-array.ts";
import { requiredFields } from "../models/conditioning.ts";
import { samplerOf } from "../models/sampler.ts";
import { generatorOf } from "../runs/codes/generator.ts";
import { exportedGraphs, readWeights } from "../runs/export/exported-model.ts";
import { samplingPlan } from "../runs/export/model-graphs.ts";
import type { LoadedRun } from "../runs/load-run.ts";
import { parseSettings } from "../settings-schema.ts";
import { fieldInputName } from "../training/batch-inputs.ts";
import { completionTask } from "./tasks/completion-task.ts";
import { samplingTask } from "./tasks/sampling-task.ts";
import { ServedFunction, type ServingLimits } from "./served-function.ts";
import type { ServedTask } from "./tasks/served-task.ts";
import { Turns } from "./tasks/turns.ts";

/** A run whose functions are served, by name. */
export interface ServedRun {
  readonly name: string;
  readonly loaded: LoadedRun;
  /** What answers at once, requests together. */
  readonly functions: ReadonlyMap<string, ServedFunction>;
  /** What takes many steps, one request at a time. */
  readonly tasks: ReadonlyMap<string, ServedTask>;
  readonly turns: Turns;
  /** Frees all of it, the run too, once what was asked is answered. */
  release(): Promise<void>;
}

export interface RunLimits extends ServingLimits {
  /** Requests of many steps that may wait for their turn. */
  readonly mostTasks: number;
}

/** Compiles the functions of a run that answer at once, and prepares its sampling of however many steps. */
export async function serveRun(loaded: LoadedRun, name: string, limits: RunLimits): Promise<ServedRun> {
  const { device } = loaded.trained.store;
  const defaults = Object.fromEntries(
    Object.entries(samplingPlan(loaded.trained.model)?.options ?? {}).flatMap(([option, v]) =>
      typeof v === "number" ? [[optionInput(option), v] as const] : [],
    ),
  );
  const functions = new Map<string, ServedFunction>();
  for (const graph of exportedGraphs(loaded, await readWeights(loaded), {}))
    if (graph.batch === "any" && !graph.name.startsWith("sampler_"))
      functions.set(
        graph.name,
        await ServedFunction.load(graph, { device, limits, defaults, check: inputCheck(loaded, graph.name) }),
      );
  const generator = await generatorOf(loaded);
  const sample = samplingTask(loaded, generator, limits);
  const complete = completionTask(loaded, limits);
  const turns = new Turns(limits.mostTasks);
  return {
    name,
    loaded,
    functions,
    tasks: new Map([
      ...(sample ? [["sample", sample] as const] : []),
      ...(complete ? [["complete", complete] as const] : []),
    ]),
    turns,
    async release() {
      await turns.finished();
      for (const served of functions.values()) await served.release();
      await generator.release();
      await loaded.trained.release();
    },
  };
}

const optionInput = (option: string): string => `option.${option}`;

/**
 * What values the inputs of a graph take beyond their dtype: indices of classes and symbols, which it looks up; intensities where it gives their density, which
 * there is of no others; options of the sampler in their ranges. Throws ConfigError for others.
 */
function inputCheck({ trained, run }: LoadedRun, graph: string): (name: string, data: HostArray) => void {
  const { model } = trained;
  const required = requiredFields(model);
  /** Whole numbers from `low` to below `end`, by input. */
  const indices = new Map<string, readonly [low: number, end: number]>();
  for (const field of model.condition?.fields ?? [])
    if (field.kind === "class")
      indices.set(fieldInputName(field.name), [required.includes(field) ? 0 : -1, field.classes.length]);
    else if (field.symbols !== undefined) indices.set(fieldInputName(field.name), [0, field.symbols]);
  for (const { name, symbols } of model.latents ?? []) if (symbols !== undefined) indices.set(name, [0, symbols]);
  if (run.info.data.symbols !== undefined) indices.set("x", [0, run.info.data.symbols]);
  const intensities = run.info.data.range !== null && (graph === "log_prob" || graph === "elbo");
  const sampler = samplerOf(model);
  return (name, data) => {
    const [low, end] = indices.get(name) ?? [];
    if (low !== undefined && end !== undefined) {
      const wrong = Array.from<number | bigint, number>(data, Number).findIndex(
        (v) => !(Number.isInteger(v) && v >= low && v < end),
      );
      if (wrong !== -1)
        throw new ConfigError(
          `${name}: none of the values it takes, got ${String(data[wrong])} at ${wrong}, expected whole numbers from ${low} to ${end - 1}`,
        );
    }
    if (intensities && name === "x") {
      const wrong = (data as Float32Array).findIndex((v) => v < 0 || v > 1);
      if (wrong !== -1)
        throw new ConfigError(`x: no intensity, got ${String(data[wrong])} at ${wrong}, expected numbers from 0 to 1`);
    }
    const [, option] = /^option\.(.*)$/s.exec(name) ?? [];
    if (option !== undefined && sampler) parseSettings(sampler.options, { [option]: Number(data[0]) }, optionInput);
  };
}
