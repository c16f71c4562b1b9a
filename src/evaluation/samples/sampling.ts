import { UnsupportedOpError } from "../../errors.ts";
import { Input, type Tensor, Variable } from "../../graph/tensor.ts";
import type { Codes } from "../../models/latent.ts";
import { parseSettings } from "../../settings-schema.ts";
import { idleSettings } from "../../models/idle-settings.ts";
import { samplerOf, type AnySampler, type StepScalars, type Symbolic } from "../../models/sampler.ts";
import { variables } from "../../nn/module.ts";
import { Program } from "../../runtime/program.ts";
import { createVariables, JoinedVariables, type VariableStore } from "../../runtime/variables.ts";
import type { HostArray } from "../../runtime/host-array.ts";
import { lacking } from "../capabilities.ts";
import type { Given } from "../condition.ts";
import { chunk, type ModelOnDevice } from "../model-on-device.ts";
import { runInto } from "../run-into.ts";

/** Which marginals sampled rows of a table have: the data's, or the model's own. */
export const marginalNames = ["data", "model"] as const;
export type SampledMarginals = (typeof marginalNames)[number];

/** How to sample: the sampler's own options by name, and those of every sampler. */
export interface SampleOptions {
  readonly seed?: number;
  /** Of rows of a table; by default the data's where no other option of the sampler and no condition is given. */
  readonly marginals?: SampledMarginals | undefined;
  /** Steps between previews; none when missing. */
  readonly previewEvery?: number;
  /** Place of the first sample among all of the seed (0), a multiple of 64: many samples are made in pieces. */
  readonly first?: number;
  readonly [option: string]: unknown;
}

/** The progress of sampling: `step` of `steps`, of all rows together. */
export interface SamplingProgress {
  readonly step: number;
  readonly steps: number;
  /** A preview of the rows of the current chunk, [rows, ...shape], where one is due; the first of them is sample `first`. */
  readonly preview?: { readonly first: number; readonly examples: Float32Array };
}

/** The return value of a generator. */
export async function drain<T>(progress: AsyncGenerator<unknown, T>): Promise<T> {
  let next = await progress.next();
  while (!next.done) next = await progress.next();
  return next.value;
}

/**
 * Runs a model's sampler: its state lives in variables of the device, which one compiled step takes from each point of the schedule to
 * the next. Yields after each step; returns the samples. Throws ConfigError for an option that is unknown or out of range.
 */
export async function* sampling(
  trained: ModelOnDevice,
  given: Given,
  count: number,
  { seed = 0, previewEvery, first = 0, ...options }: SampleOptions,
): AsyncGenerator<SamplingProgress, Float32Array> {
  const sampler = samplerOf(trained.model);
  if (!sampler)
    throw new UnsupportedOpError(
      `sample: ${lacking(trained.model, ["sample"])}, got none, expected a model with a sampler, or a density of its codes`,
    );
  const nameOf = (name: string): string => `sample: ${name}`;
  const parsed: Readonly<Record<string, unknown>> = parseSettings(sampler.options, options, nameOf);
  idleSettings(sampler.options, options, parsed, nameOf);
  const schedule = sampler.schedule(parsed);
  const key = `sample ${schedule.length === 0 ? "at once" : "in steps"} ${given.key} ${structureOf(parsed)}`;
  const compiled = trained.kept(key, () => new CompiledSampler(trained, given, sampler, parsed, schedule[0]));
  return yield* compiled.run(given, { count, first, seed, schedule, scalars: scalarsOf(parsed), previewEvery });
}

const optionInput = (name: string): string => `option.${name}`;
const stepInput = (name: string): string => `at.${name}`;

/** Numbers of options are inputs of the graphs. */
const scalarsOf = (options: Readonly<Record<string, unknown>>): Readonly<Record<string, HostArray>> =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) =>
      typeof value === "number" ? [[optionInput(name), Float32Array.of(value)]] : [],
    ),
  );

/** What of options is compiled in: which numbers are given, and the values of all else. */
const structureOf = (options: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(options).map(([name, value]) => [name, typeof value === "number" ? "number" : value]));

const symbolicOf = (options: Readonly<Record<string, unknown>>): Symbolic<object> =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      typeof value === "number" ? new Input(optionInput(name), []) : value,
    ]),
  );

interface SamplingRun {
  readonly count: number;
  readonly first: number;
  readonly seed: number;
  readonly schedule: readonly StepScalars[];
  readonly scalars: Readonly<Record<string, HostArray>>;
  readonly previewEvery: number | undefined;
}

/** The graphs of a sampler for one chunk of rows, with the variables that its state lives in. */
class CompiledSampler {
  readonly #start: Program;
  readonly #step: Program | undefined;
  /** Undefined where start and finish are one graph. */
  readonly #finish: Program | undefined;
  readonly #state: VariableStore | undefined;
  /** The state belongs to one run at a time. */
  #last: Promise<void> = Promise.resolve();

  constructor(
    trained: ModelOnDevice,
    given: Given,
    sampler: AnySampler,
    options: Readonly<Record<string, unknown>>,
    first: StepScalars | undefined,
  ) {
    const symbolic = symbolicOf(options);
    const context = given.context(chunk);
    const { store, emaWeights, frozen } = trained;
    const start = sampler.start(chunk, symbolic, context);
    if (!first) {
      const outputs = new Map([["out", sampler.finish(start, symbolic, context)]]);
      this.#start = new Program(store, { name: "sample", outputs, emaWeights, frozen });
      return;
    }
    if (!sampler.step)
      throw new UnsupportedOpError("sample: the sampler has no step, got a schedule with steps, expected both or none");
    const state = new Map(
      Object.entries(start).map(([name, t]) => [
        name,
        new Variable(t.shape, { kind: "constant", value: 0 }, { dtype: t.dtype, trainable: false }),
      ]),
    );
    this.#state = createVariables(store.device, state.values());
    const weights = frozen && new Set(variables(trained.model).values());
    const joined = new JoinedVariables(this.#state, [...state.values()], store);
    const held: Codes = Object.fromEntries(state);
    const at = Object.fromEntries(Object.keys(first).map((name) => [name, new Input(stepInput(name), [])]));
    const next = sampler.step(held, at, symbolic, context);
    const writes = (codes: Codes): ReadonlyMap<Variable, Tensor> =>
      new Map([...state].map(([name, variable]) => [variable, fitting(name, codes[name], variable)]));
    const program = (name: string, spec: object): Program =>
      new Program(joined, { name: `sample.${name}`, emaWeights, frozen: weights, ...spec });
    this.#start = program("start", { updates: writes(start) });
    this.#step = program("step", { updates: writes(next) });
    const out = sampler.finish(held, symbolic, context);
    this.#finish = program("finish", { outputs: new Map([["out", out]]) });
  }

  async *run(given: Given, run: SamplingRun): AsyncGenerator<SamplingProgress, Float32Array> {
    const before = this.#last;
    let done = (): void => {};
    this.#last = new Promise((resolve) => (done = resolve));
    await before;
    try {
      return yield* this.#run(given, run);
    } finally {
      done();
    }
  }

  async *#run(given: Given, run: SamplingRun): AsyncGenerator<SamplingProgress, Float32Array> {
    const { count, first: start, seed, schedule, scalars, previewEvery } = run;
    const finish = this.#finish ?? this.#start;
    const rowSize = finish.output("out").size / chunk;
    const samples = new Float32Array(count * rowSize);
    const perChunk = Math.max(1, schedule.length);
    const steps = Math.ceil(count / chunk) * perChunk;
    for (let first = 0; first < count; first += chunk) {
      const inputs = { ...scalars, ...given.inputs(start + first, chunk) };
      const done = first / chunk;
      const at = start / chunk + done;
      const rows = Math.min(chunk, count - first);
      const here = samples.subarray(first * rowSize, (first + rows) * rowSize);
      const finished = (): Promise<void> => runInto(here, 0, finish, { inputs, seed, step: at });
      if (this.#step) {
        await this.#start.run({ inputs, seed, step: at });
        for (const [k, point] of schedule.entries()) {
          const scalarInputs = Object.entries(point).map(([name, v]) => [stepInput(name), Float32Array.of(v)] as const);
          await this.#step.run({
            inputs: { ...inputs, ...Object.fromEntries(scalarInputs) },
            seed,
            step: at * perChunk + k,
          });
          const due = previewEvery !== undefined && (k + 1) % previewEvery === 0 && k + 1 < schedule.length;
          if (due) await finished();
          const preview = due ? { preview: { first: start + first, examples: here.slice() } } : {};
          yield { step: done * perChunk + k + 1, steps, ...preview };
        }
      }
      await finished();
      if (!this.#step) yield { step: done + 1, steps };
    }
    return samples;
  }

  async release(): Promise<void> {
    await this.#start.release();
    await this.#step?.release();
    await this.#finish?.release();
    await this.#state?.release();
  }
}

/** Throws where a sampler's step changes what its state is. */
function fitting(name: string, next: Tensor | undefined, variable: Variable): Tensor {
  if (next?.dtype === variable.dtype && next.shape.join() === variable.shape.join()) return next;
  throw new UnsupportedOpError(
    `sample: the sampler's state ${name} changes, got ${next ? `${next.dtype} [${next.shape.join(", ")}]` : "none"}, expected ${variable.dtype} [${variable.shape.join(", ")}]`,
  );
}
