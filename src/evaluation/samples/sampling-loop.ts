import { ConfigError, UnsupportedOpError } from "../../errors.ts";
import { Input, type Tensor, Variable } from "../../graph/tensor.ts";
import type { Codes } from "../../models/latent.ts";
import type { AnySampler, StepScalars, Symbolic } from "../../models/sampler.ts";
import { cast } from "../../ops/comparison.ts";
import { variables } from "../../nn/module.ts";
import type { HostArray } from "../../runtime/host-array.ts";
import { Program } from "../../runtime/program.ts";
import { createVariables, JoinedVariables, type VariableStore } from "../../runtime/variables.ts";
import type { Given } from "../condition.ts";
import { chunk, type ModelOnDevice, type Releasable } from "../model-on-device.ts";
import { runInto } from "../run-into.ts";

/** The progress of sampling: `step` of `steps`, of all rows together. */
export interface SamplingProgress {
  readonly step: number;
  readonly steps: number;
  readonly preview?: Preview;
  /** What the sampler tells of the chunk that is finished, a number for each of its rows, by name. */
  readonly report?: Report;
}

export type Report = Readonly<Record<string, Float32Array>>;

/** Rows of the current chunk on their way: the first of them is sample `first`. */
export interface Preview {
  readonly first: number;
  /** Steps behind them: 0 at the start. */
  readonly step: number;
  /** What would be the samples if this were the last step, [rows, ...shape]. */
  readonly examples: Float32Array;
  /** The state itself in the range of examples, of samplers that have it. */
  readonly noisy?: Float32Array;
}

const optionInput = (name: string): string => `option.${name}`;
const stepInput = (name: string): string => `at.${name}`;

/** Values of the scalars of a step, as inputs of its graph. */
const pointInputs = (point: StepScalars): Readonly<Record<string, HostArray>> =>
  Object.fromEntries(Object.entries(point).map(([name, v]) => [stepInput(name), Float32Array.of(v)]));

/** Numbers of options are inputs of the graphs. */
export const scalarsOf = (options: Readonly<Record<string, unknown>>): Readonly<Record<string, HostArray>> =>
  Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) =>
      typeof value === "number" ? [[optionInput(name), Float32Array.of(value)]] : [],
    ),
  );

/** What of options is compiled in: which numbers are given, and the values of all else. */
export const structureOf = (options: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.entries(options).map(([name, value]) => [name, typeof value === "number" ? "number" : value]));

const symbolicOf = (options: Readonly<Record<string, unknown>>): Symbolic<object> =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      typeof value === "number" ? new Input(optionInput(name), []) : value,
    ]),
  );

/** Which rows to make, and how. */
export interface LoopRun {
  readonly count: number;
  /** Place of the first row among all of the seed. */
  readonly first: number;
  readonly seed: number;
  readonly schedule: readonly StepScalars[];
  /** What the graphs are given for rows `first` and on. */
  readonly inputs: (first: number, rows: number) => Readonly<Record<string, HostArray>>;
  readonly previewEvery?: number | undefined;
}

/** What a loop is compiled from. */
export interface LoopParts {
  /** Part of the key of its noise: "sample". */
  readonly name: string;
  readonly sampler: Pick<AnySampler, "start" | "step" | "finish" | "noisy" | "pending" | "report">;
  readonly given: Given;
  readonly options: Readonly<Record<string, unknown>>;
  /** The scalars of a step; none where start and finish are one graph. */
  readonly point: StepScalars | undefined;
}

/**
 * The graphs of a sampler for one chunk of rows: its state lives in variables of the device, which a compiled step takes from each point
 * of the schedule to the next.
 */
export class SamplingLoop implements Releasable {
  readonly #name: string;
  readonly #start: Program;
  /** By the names of the scalars that a step has; each is compiled when it is first taken. Undefined where start and finish are one graph. */
  readonly #steps: Map<string, Program> | undefined;
  readonly #stepProgram: (point: StepScalars) => Program;
  /** Undefined where start and finish are one graph. */
  readonly #finish: Program | undefined;
  readonly #report: Program | undefined;
  readonly #state: VariableStore | undefined;
  /** The state belongs to one run at a time. */
  #last: Promise<void> = Promise.resolve();

  constructor(trained: ModelOnDevice, { name, sampler, given, options, point }: LoopParts) {
    this.#name = name;
    const symbolic = symbolicOf(options);
    const context = given.context(chunk);
    const { store, emaWeights, frozen } = trained;
    const start = sampler.start(chunk, symbolic, context);
    if (!point) {
      const outputs = new Map([["out", sampler.finish(start, symbolic, context)]]);
      this.#start = new Program(store, { name, outputs, emaWeights, frozen });
      this.#stepProgram = () => this.#start;
      return;
    }
    if (!sampler.step)
      throw new UnsupportedOpError(
        `${name}: the sampler has no step, got a schedule with steps, expected both or none`,
      );
    const state = new Map(
      Object.entries(start).map(([part, t]) => [
        part,
        new Variable(t.shape, { kind: "constant", value: 0 }, { dtype: t.dtype, trainable: false }),
      ]),
    );
    this.#state = createVariables(store.device, state.values());
    const weights = frozen && new Set(variables(trained.model).values());
    const joined = new JoinedVariables(this.#state, [...state.values()], store);
    const held: Codes = Object.fromEntries(state);
    // What a step leaves as it is stays where it is.
    const writes = (codes: Codes): ReadonlyMap<Variable, Tensor> =>
      new Map(
        [...state].flatMap(([part, variable]) =>
          codes[part] === variable ? [] : [[variable, fitting(name, part, codes[part], variable)]],
        ),
      );
    const program = (part: string, spec: object): Program =>
      new Program(joined, { name: `${name}.${part}`, emaWeights, frozen: weights, ...spec });
    this.#start = program("start", { updates: writes(start) });
    this.#steps = new Map();
    this.#stepProgram = (at) => {
      const scalars = Object.fromEntries(Object.keys(at).map((scalar) => [scalar, new Input(stepInput(scalar), [])]));
      const next = sampler.step!(held, scalars, symbolic, context);
      const pending = sampler.pending?.(next);
      return program("step", {
        updates: writes(next),
        outputs: new Map(pending ? [["pending", cast(pending, "float32")]] : []),
      });
    };
    this.#stepOf(point);
    const out = sampler.finish(held, symbolic, context);
    const noisy = sampler.noisy?.(held);
    this.#report = program("report", { outputs: new Map(Object.entries(sampler.report?.(held) ?? {})) });
    this.#finish = program("finish", {
      outputs: new Map([["out", out], ...(noisy ? [["noisy", noisy] as const] : [])]),
    });
  }

  #stepOf(point: StepScalars): Program {
    const names = Object.keys(point).join();
    let step = this.#steps!.get(names);
    if (!step) this.#steps!.set(names, (step = this.#stepProgram(point)));
    return step;
  }

  /** Yields after each step; returns the rows. */
  async *run(run: LoopRun): AsyncGenerator<SamplingProgress, Float32Array> {
    const before = this.#last;
    let done = (): void => {};
    this.#last = new Promise((resolve) => (done = resolve));
    await before;
    try {
      return yield* this.#run(run);
    } finally {
      done();
    }
  }

  async *#run(run: LoopRun): AsyncGenerator<SamplingProgress, Float32Array> {
    const { count, first: start, seed, schedule, previewEvery } = run;
    const finish = this.#finish ?? this.#start;
    const rowSize = finish.output("out").size / chunk;
    const samples = new Float32Array(count * rowSize);
    const perChunk = Math.max(1, schedule.length);
    const steps = Math.ceil(count / chunk) * perChunk;
    for (let first = 0; first < count; first += chunk) {
      const inputs = run.inputs(start + first, chunk);
      const done = first / chunk;
      const at = start / chunk + done;
      const rows = Math.min(chunk, count - first);
      const here = samples.subarray(first * rowSize, (first + rows) * rowSize);
      const finished = (): Promise<void> => runInto(here, 0, finish, { inputs, seed, step: at });
      const preview = async (step: number): Promise<Preview> => {
        await finished();
        const shown = { first: start + first, step, examples: here.slice() };
        if (!finish.outputs.includes("noisy")) return shown;
        const { noisy } = await finish.run({ inputs, outputs: ["noisy"], seed, step: at });
        return { ...shown, noisy: (noisy as Float32Array).subarray(0, here.length) };
      };
      if (this.#steps) {
        await this.#start.run({ inputs, seed, step: at });
        if (previewEvery !== undefined) yield { step: done * perChunk, steps, preview: await preview(0) };
        let pending = 0;
        for (const [k, point] of schedule.entries()) {
          const given = { ...inputs, ...pointInputs(point) };
          const taken = this.#stepOf(point);
          const { outputs } = taken;
          const found = await taken.run({ inputs: given, outputs, seed, step: at * perChunk + k });
          pending = (found["pending"] as Float32Array | undefined)?.reduce((sum, v) => sum + v, 0) ?? 0;
          const last = k + 1 === schedule.length || (outputs.length > 0 && pending === 0);
          const due = previewEvery !== undefined && (k + 1) % previewEvery === 0 && !last;
          yield { step: done * perChunk + k + 1, steps, ...(due && { preview: await preview(k + 1) }) };
          if (last) break;
        }
        if (pending > 0) throw unfinished(this.#name, pending, schedule.length);
      }
      await finished();
      const report = await this.#reported(rows);
      if (report) yield { step: (done + 1) * perChunk, steps, report };
      if (!this.#steps) yield { step: done + 1, steps };
    }
    return samples;
  }

  async #reported(rows: number): Promise<Report | undefined> {
    const { outputs = [] } = this.#report ?? {};
    if (outputs.length === 0) return undefined;
    const found = await this.#report!.run({ outputs });
    return Object.fromEntries(outputs.map((name) => [name, (found[name] as Float32Array).slice(0, rows)]));
  }

  async release(): Promise<void> {
    await this.#start.release();
    for (const step of this.#steps?.values() ?? []) await step.release();
    await this.#finish?.release();
    await this.#report?.release();
    await this.#state?.release();
  }
}

const unfinished = (where: string, pending: number, steps: number): ConfigError =>
  new ConfigError(
    `${where}: samples have not arrived, got ${pending} of ${chunk} with steps left after ${steps}, expected none: a larger tolerance, or more steps`,
  );

/** Throws where a sampler's step changes what its state is. */
function fitting(where: string, name: string, next: Tensor | undefined, variable: Variable): Tensor {
  if (next?.dtype === variable.dtype && next.shape.join() === variable.shape.join()) return next;
  throw new UnsupportedOpError(
    `${where}: the sampler's state ${name} changes, got ${next ? `${next.dtype} [${next.shape.join(", ")}]` : "none"}, expected ${variable.dtype} [${variable.shape.join(", ")}]`,
  );
}
