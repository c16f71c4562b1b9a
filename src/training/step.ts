import { constant, Input, type Tensor, Variable } from "../graph/tensor.ts";
import { initialValue } from "../nn/initial-value.ts";
import { type Optimizer, scalarNames, type UpdatePoint } from "../optim/optimizer.ts";
import type { Device } from "../runtime/device.ts";
import { type HostArray, hostArray } from "../runtime/host-array.ts";
import { Program } from "../runtime/program.ts";
import { DeviceVariables, HostVariables, type VariableStore } from "../runtime/variables.ts";
import type { Objective } from "../models/model.ts";
import { batchOf, ofBatch, once } from "./batch-inputs.ts";
import { checkParameters, gradientsOf, metricOutputs, type StepObjective } from "./objective-graph.ts";
import { decays, optimizerPass, scalarInputs, scalarName, type Slotted } from "./optimizer-pass.ts";
import { countSkipped, ofObjective, SKIPPED, stateUpdates } from "./skipped-updates.ts";

export interface StepOptions {
  readonly device: Device;
  /** Every variable of the model, by name: trained ones and running statistics. */
  readonly variables: ReadonlyMap<string, Variable>;
  readonly objectives: readonly StepObjective[];
  /** Of every objective, or what makes that of each. */
  readonly optimizer: Optimizer | ((objective: Objective) => Optimizer);
  /** Batches whose gradients are averaged before each change of the weights; 1 when missing. */
  readonly accumulate?: number;
}

export interface StepRun {
  /** Where a step takes several batches (accumulated gradients, fresh ones for repeats), one after the other in one array. */
  readonly inputs: Readonly<Record<string, HostArray>>;
  readonly seed: number;
  /** Counts from 1. */
  readonly step: number;
  /** Whether to compute losses and metrics too; without them their nodes are not even in the graph. */
  readonly metrics?: boolean;
}

interface Part {
  readonly objective: StepObjective;
  readonly optimizer: Optimizer;
  readonly parameters: readonly Slotted[];
  readonly program: Program;
  /** For the batches before the last one, where the weights change in the graph of the last. */
  readonly before?: Program;
  readonly outputs: readonly string[];
  /** After the graph has run: the optimizer's pass, where state is on the host. */
  readonly pass?: ReturnType<typeof optimizerPass>;
}

/**
 * A compiled training step: for each objective one run of one graph and, on a CPU, one pass over the weights. With
 * `accumulate` the graph runs once for each of so many batches, and adds its gradients to those before.
 */
export class TrainingStep {
  readonly device: Device;
  readonly store: VariableStore;
  /** Everything a checkpoint holds: the model's variables and the optimizer's, by name. */
  readonly variables: ReadonlyMap<string, Variable>;
  readonly optimizerVariables: ReadonlyMap<string, Variable>;
  /** Batches that a step takes, each of `accumulate` parts: more than one where an objective repeats with fresh ones. */
  readonly batchesPerStep: number;
  readonly #parts: readonly Part[];
  readonly #initialFrom: ReadonlyMap<Variable, Variable>;
  readonly #batches: number;
  /** Parameter -> the mean gradient so far; zero between steps, so no checkpoint holds it. */
  readonly #accumulated = new Map<Variable, Variable>();
  /** How many updates have been skipped, of objectives whose optimizer skips any. */
  readonly #skipped = new Map<Objective, Variable>();
  #cleared = false;

  constructor({ device, variables, objectives, optimizer, accumulate = 1 }: StepOptions) {
    this.device = device;
    this.variables = variables;
    this.#batches = accumulate;
    this.batchesPerStep = Math.max(
      1,
      ...objectives.map(({ repeat: { times, batches } = once }) => batchOf[batches](times - 1) + 1),
    );
    const optimizerVariables = new Map<string, Variable>();
    const initialFrom = new Map<Variable, Variable>();
    const gradients = new Map<Variable, Variable>();
    const state = (like: Variable): Variable =>
      new Variable(like.shape, { kind: "constant", value: 0 }, { trainable: false });

    const known = new Set(variables.values());
    const optimizers = objectives.map((each) => (typeof optimizer === "function" ? optimizer(each) : optimizer));
    const slotted = objectives.map((objective, i): readonly Slotted[] => {
      checkParameters(objective, known);
      if (optimizers[i]!.skipsAbove !== undefined) {
        const skipped = new Variable([], { kind: "constant", value: 0 }, { trainable: false });
        this.#skipped.set(objective, skipped);
        optimizerVariables.set(`${objective.name}.${SKIPPED}`, skipped);
      }
      // Matrices before vectors: weight decay then splits the flat state in two ranges at most.
      const ordered = [...objective.parameters].toSorted(([, a], [, b]) => Number(decays(b)) - Number(decays(a)));
      return ordered.map(([name, parameter]) => {
        if (!gradients.has(parameter)) {
          gradients.set(parameter, state(parameter));
          if (accumulate > 1) this.#accumulated.set(parameter, state(parameter));
        }
        const slots = Object.fromEntries(
          Object.entries(optimizers[i]!.slots).map(([slot, { initial }]) => {
            const variable = state(parameter);
            optimizerVariables.set(`${objective.name}.${name}.${slot}`, variable);
            if (initial === "parameter") initialFrom.set(variable, parameter);
            return [slot, variable];
          }),
        );
        return { parameter, gradient: gradients.get(parameter)!, slots };
      });
    });
    this.optimizerVariables = optimizerVariables;
    this.#initialFrom = initialFrom;

    if (device.residency === "host") {
      const trained = slotted.flat();
      const slotBlocks = slotted.flatMap((list, i) =>
        Object.keys(optimizers[i]!.slots).flatMap((slot) => list.map((p) => p.slots[slot]!)),
      );
      const order = new Set([
        ...trained.map((p) => p.parameter),
        ...trained.map((p) => p.gradient),
        ...slotBlocks,
        ...variables.values(),
        ...this.#accumulated.values(),
        ...this.#skipped.values(),
      ]);
      const store = new HostVariables(device, [...order]);
      this.store = store;
      this.#parts = objectives.map((objective, i) => this.#hostPart(objective, optimizers[i]!, slotted[i]!, store));
    } else {
      this.store = new DeviceVariables(device);
      this.#parts = objectives.map((objective, i) => this.#devicePart(objective, optimizers[i]!, slotted[i]!));
    }
  }

  /** Samples the initial value of every variable from streams keyed by (seed, name), and clears the optimizer's state. */
  async initialize(seed: number): Promise<void> {
    for (const [name, v] of this.variables) await this.store.write(v, initialValue(v.initializer, v.shape, seed, name));
    for (const v of this.optimizerVariables.values()) {
      const from = this.#initialFrom.get(v);
      await this.store.write(v, from ? await this.store.read(from) : new Float32Array(v.size));
    }
  }

  /** For sampling and scoring: the EMA weights to read in place of the parameters that have them. */
  emaWeights(): ReadonlyMap<Variable, Variable> {
    return new Map([...this.#initialFrom].map(([average, parameter]) => [parameter, average]));
  }

  /** Compiles the graphs ahead of the first step. */
  async prepare(metrics = false): Promise<void> {
    for (const part of this.#parts)
      for (const program of programsOf(part)) await program.prepare(this.#wanted(part, metrics));
  }

  /**
   * One step. Returns the metrics when asked for: each objective's loss under its name, its named metrics, and the Euclidean
   * norm of its gradients as `gradientNorm` (`<objective>.gradientNorm` among several), of the last run where it repeats; so too
   * `skippedUpdates`, of all steps so far, where the optimizer skips any.
   */
  async run({ inputs, seed, step, metrics = false }: StepRun): Promise<Readonly<Record<string, number>>> {
    if (!this.#cleared) await this.#clearAccumulated();
    const found: Record<string, number> = {};
    for (const part of this.#parts) {
      const { every = 1, repeat: { times, batches } = once, name } = part.objective;
      if (step % every !== 0) continue;
      for (let k = 0; k < times; k++) {
        const at = { step, updates: (step / every - 1) * times + k + 1 };
        const given = { inputs, seed, step: step * times + k, metrics };
        const results = await this.#update(part, at, given, batchOf[batches](k));
        if (!metrics) continue;
        for (const [key, v] of Object.entries(results).filter(
          ([k, v]) => !(Number.isNaN(v) && part.objective.partial?.includes(k)),
        ))
          found[ofObjective.has(key) && this.#parts.length > 1 ? `${name}.${key}` : key] = v;
      }
    }
    return found;
  }

  async release(): Promise<void> {
    for (const part of this.#parts) for (const program of programsOf(part)) await program.release();
    await this.store.release();
  }

  /** One change of an objective's weights. Returns means over its batches, and the norm of their mean gradient. */
  async #update(
    part: Part,
    at: Omit<UpdatePoint, "decays">,
    { inputs, seed, step, metrics = false }: StepRun,
    stepBatch: number,
  ): Promise<Record<string, number>> {
    const n = this.#batches;
    const all = n * this.batchesPerStep;
    const found: Record<string, number> = {};
    for (let batch = 0; batch < n; batch++) {
      const last = batch === n - 1;
      const program = last ? part.program : (part.before ?? part.program);
      const given = all === 1 ? inputs : ofBatch(program, inputs, stepBatch * n + batch, all);
      const results = await program.run({
        inputs: part.pass || !last ? given : { ...given, ...scalarInputs(part.optimizer, at) },
        outputs: this.#wanted(part, metrics),
        seed,
        step: step * n + batch,
      });
      for (const [name, v] of Object.entries(results))
        found[name] = name === "gradientNorm" ? Number(v[0]) : (found[name] ?? 0) + Number(v[0]) / n;
      if (part.pass && !last)
        for (const { parameter, gradient } of part.parameters)
          await this.store.write(this.#accumulated.get(parameter)!, hostArray(this.store.feed(gradient)));
    }
    part.pass?.(at, found["gradientNorm"] ?? 0);
    if (part.pass && n > 1) await this.#clearAccumulated();
    const skipped = await countSkipped(
      this.store,
      part.optimizer,
      this.#skipped.get(part.objective),
      found["gradientNorm"],
    );
    return metrics && skipped !== undefined ? { ...found, [SKIPPED]: skipped } : found;
  }

  async #clearAccumulated(): Promise<void> {
    for (const v of this.#accumulated.values()) await this.store.write(v, new Float32Array(v.size));
    this.#cleared = true;
  }

  /** The mean over the batches so far of an objective's gradients, this batch's among them. */
  #gradientsOf(objective: Objective, parameters: readonly Slotted[]): readonly Tensor[] {
    const gradients = gradientsOf(objective, parameters);
    if (this.#batches === 1) return gradients;
    return gradients.map((g, i) => this.#accumulated.get(parameters[i]!.parameter)!.add(g.div(this.#batches)));
  }

  #wanted(part: Part, metrics: boolean): readonly string[] {
    if (metrics) return part.outputs;
    return (part.pass && part.optimizer.needsGradientNorm) || this.#skipped.has(part.objective) ? ["gradientNorm"] : [];
  }

  #hostPart(
    objective: StepObjective,
    optimizer: Optimizer,
    parameters: readonly Slotted[],
    store: HostVariables,
  ): Part {
    const cts = this.#gradientsOf(objective, parameters);
    const outputs = metricOutputs(objective, cts);
    const program = new Program(store, {
      name: objective.name,
      outputs,
      updates: stateUpdates(objective, optimizer, outputs.get("gradientNorm")!),
      writes: new Map(parameters.map((p, i) => [p.gradient, cts[i]!])),
      once: true,
    });
    return {
      objective,
      optimizer,
      parameters,
      program,
      outputs: [...outputs.keys()],
      pass: optimizerPass(optimizer, parameters, store),
    };
  }

  #devicePart(objective: StepObjective, optimizer: Optimizer, parameters: readonly Slotted[]): Part {
    const cts = this.#gradientsOf(objective, parameters);
    const outputs = metricOutputs(objective, cts);
    const scalarsOf = (decaying: boolean): Record<string, Tensor> => {
      const names = scalarNames(optimizer);
      const inputs = Object.fromEntries(names.map((name) => [name, new Input(scalarName(name, decaying), [])]));
      return { ...inputs, gradientNorm: outputs.get("gradientNorm")! };
    };
    const scalars = { decaying: scalarsOf(true), plain: scalarsOf(false) };
    const state = stateUpdates(objective, optimizer, outputs.get("gradientNorm")!);
    const updates = new Map(state);
    parameters.forEach(({ parameter, slots }, i) => {
      const next = optimizer.update({
        parameter,
        gradient: cts[i]!,
        slots,
        scalars: decays(parameter) ? scalars.decaying : scalars.plain,
      });
      updates.set(parameter, next.parameter);
      for (const [slot, v] of Object.entries(slots)) updates.set(v, next.slots[slot]!);
    });
    const program = (changes: ReadonlyMap<Variable, Tensor>): Program =>
      new Program(this.store, { name: objective.name, outputs, updates: changes, once: true });
    const part = { objective, optimizer, parameters, outputs: [...outputs.keys()] };
    if (this.#batches === 1) return { ...part, program: program(updates) };
    const accumulated = parameters.map((p) => this.#accumulated.get(p.parameter)!);
    for (const v of accumulated) updates.set(v, constant(0).broadcastTo(v.shape));
    const before = new Map([...state, ...accumulated.map((v, i) => [v, cts[i]!] as const)]);
    return { ...part, program: program(updates), before: program(before) };
  }
}

const programsOf = ({ program, before }: Part): readonly Program[] => (before ? [before, program] : [program]);
