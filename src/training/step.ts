import { ConfigError } from "../errors.ts";
import { grad } from "../graph/grad.ts";
import { formatType } from "../graph/shape.ts";
import { Input, scalarValue, type Tensor, Variable } from "../graph/tensor.ts";
import { drawInitial } from "../nn/draw-initial.ts";
import { add, sqrt, square } from "../ops/arithmetic.ts";
import { sum } from "../ops/reduction.ts";
import { type Optimizer, scalarNames, type UpdatePoint } from "../optim/optimizer.ts";
import type { Device } from "../runtime/device.ts";
import type { HostArray } from "../runtime/host-array.ts";
import { Program } from "../runtime/program.ts";
import { DeviceVariables, HostVariables, type VariableStore } from "../runtime/variables.ts";
import type { Objective } from "../models/model.ts";
import { decays, optimizerPass, type Slotted } from "./optimizer-pass.ts";

export interface StepOptions {
  readonly device: Device;
  /** Every variable of the model, by name: trained ones and running statistics. */
  readonly variables: ReadonlyMap<string, Variable>;
  readonly objectives: readonly Objective[];
  readonly optimizer: Optimizer;
}

export interface StepRun {
  readonly inputs: Readonly<Record<string, HostArray>>;
  readonly seed: number;
  /** Counts from 1. */
  readonly step: number;
  /** Whether to compute losses and metrics too; without them their nodes are not even in the graph. */
  readonly metrics?: boolean;
}

interface Part {
  readonly objective: Objective;
  readonly program: Program;
  readonly outputs: readonly string[];
  /** After the graph has run: the optimizer's pass, where state is on the host. */
  readonly pass?: ReturnType<typeof optimizerPass>;
}

/** A compiled training step: for each objective one run of one graph and, on a CPU, one pass over the weights. */
export class TrainingStep {
  readonly device: Device;
  readonly store: VariableStore;
  /** Everything a checkpoint holds: the model's variables and the optimizer's, by name. */
  readonly variables: ReadonlyMap<string, Variable>;
  readonly optimizerVariables: ReadonlyMap<string, Variable>;
  readonly #parts: readonly Part[];
  readonly #optimizer: Optimizer;
  readonly #initialFrom: ReadonlyMap<Variable, Variable>;

  constructor({ device, variables, objectives, optimizer }: StepOptions) {
    this.device = device;
    this.variables = variables;
    this.#optimizer = optimizer;
    const optimizerVariables = new Map<string, Variable>();
    const initialFrom = new Map<Variable, Variable>();
    const gradients = new Map<Variable, Variable>();
    const state = (like: Variable): Variable =>
      new Variable(like.shape, { kind: "constant", value: 0 }, { trainable: false });

    const known = new Set(variables.values());
    const slotted = objectives.map((objective): readonly Slotted[] => {
      checkParameters(objective, known);
      // Matrices before vectors: weight decay then splits the flat state in two ranges at most.
      const ordered = [...objective.parameters].toSorted(([, a], [, b]) => Number(decays(b)) - Number(decays(a)));
      return ordered.map(([name, parameter]) => {
        if (!gradients.has(parameter)) gradients.set(parameter, state(parameter));
        const slots = Object.fromEntries(
          Object.entries(optimizer.slots).map(([slot, { initial }]) => {
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
      const slotBlocks = slotted.flatMap((list) =>
        Object.keys(optimizer.slots).flatMap((slot) => list.map((p) => p.slots[slot]!)),
      );
      const order = new Set([
        ...trained.map((p) => p.parameter),
        ...trained.map((p) => p.gradient),
        ...slotBlocks,
        ...variables.values(),
      ]);
      const store = new HostVariables(device, [...order]);
      this.store = store;
      this.#parts = objectives.map((objective, i) => this.#hostPart(objective, slotted[i]!, store));
    } else {
      this.store = new DeviceVariables(device);
      this.#parts = objectives.map((objective, i) => this.#devicePart(objective, slotted[i]!));
    }
  }

  /** Draws the first value of every variable from streams keyed by (seed, name), and clears the optimizer's state. */
  async initialize(seed: number): Promise<void> {
    for (const [name, v] of this.variables) await this.store.write(v, drawInitial(v.initializer, v.shape, seed, name));
    for (const v of this.optimizerVariables.values()) {
      const from = this.#initialFrom.get(v);
      await this.store.write(v, from ? await this.store.read(from) : new Float32Array(v.size));
    }
  }

  /** For sampling and scoring: variables to read in place of others when averaged weights are kept. */
  averagedWeights(): ReadonlyMap<Variable, Variable> {
    return new Map([...this.#initialFrom].map(([average, parameter]) => [parameter, average]));
  }

  /** Compiles the graphs ahead of the first step. */
  async prepare(metrics = false): Promise<void> {
    for (const part of this.#parts) await part.program.prepare(this.#wanted(part, metrics));
  }

  /**
   * One step. Returns the metrics when asked for: each objective's loss under its name, its named metrics, and the Euclidean
   * norm of its gradients as `gradientNorm` (`<objective>.gradientNorm` among several), of the last run where it repeats.
   */
  async run({ inputs, seed, step, metrics = false }: StepRun): Promise<Readonly<Record<string, number>>> {
    const found: Record<string, number> = {};
    for (const part of this.#parts) {
      const { every = 1, repeat = 1, name } = part.objective;
      if (step % every !== 0) continue;
      for (let k = 0; k < repeat; k++) {
        const at = { step, updates: (step / every - 1) * repeat + k + 1 };
        const results = await part.program.run({
          inputs: part.pass ? inputs : { ...inputs, ...this.#scalarInputs(at) },
          outputs: this.#wanted(part, metrics),
          seed,
          step: step * repeat + k,
        });
        part.pass?.(at, Number(results["gradientNorm"]?.[0] ?? 0));
        if (!metrics) continue;
        for (const [key, v] of Object.entries(results))
          found[key === "gradientNorm" && this.#parts.length > 1 ? `${name}.${key}` : key] = Number(v[0]);
      }
    }
    return found;
  }

  async release(): Promise<void> {
    for (const part of this.#parts) await part.program.release();
    await this.store.release();
  }

  #wanted(part: Part, metrics: boolean): readonly string[] {
    if (metrics) return part.outputs;
    return part.pass && this.#optimizer.needsGradientNorm ? ["gradientNorm"] : [];
  }

  #hostPart(objective: Objective, parameters: readonly Slotted[], store: HostVariables): Part {
    const cts = gradientsOf(objective, parameters);
    const outputs = metricOutputs(objective, cts);
    const program = new Program(store, {
      name: objective.name,
      outputs,
      updates: objective.updates ?? new Map(),
      writes: new Map(parameters.map((p, i) => [p.gradient, cts[i]!])),
    });
    return {
      objective,
      program,
      outputs: [...outputs.keys()],
      pass: optimizerPass(this.#optimizer, parameters, store),
    };
  }

  #devicePart(objective: Objective, parameters: readonly Slotted[]): Part {
    const cts = gradientsOf(objective, parameters);
    const outputs = metricOutputs(objective, cts);
    const scalarsOf = (decaying: boolean): Record<string, Tensor> => {
      const names = scalarNames(this.#optimizer);
      const inputs = Object.fromEntries(names.map((name) => [name, new Input(scalarName(name, decaying), [])]));
      return { ...inputs, gradientNorm: outputs.get("gradientNorm")! };
    };
    const scalars = { decaying: scalarsOf(true), plain: scalarsOf(false) };
    const updates = new Map(objective.updates);
    parameters.forEach(({ parameter, slots }, i) => {
      const next = this.#optimizer.update({
        parameter,
        gradient: cts[i]!,
        slots,
        scalars: decays(parameter) ? scalars.decaying : scalars.plain,
      });
      updates.set(parameter, next.parameter);
      for (const [slot, v] of Object.entries(slots)) updates.set(v, next.slots[slot]!);
    });
    return {
      objective,
      program: new Program(this.store, { name: objective.name, outputs, updates }),
      outputs: [...outputs.keys()],
    };
  }

  /** The optimizer's numbers of an update, as inputs of the graph. */
  #scalarInputs(at: Omit<UpdatePoint, "decays">): Record<string, HostArray> {
    return Object.fromEntries(
      [true, false].flatMap((decays) =>
        Object.entries(this.#optimizer.scalars({ ...at, decays })).map(([name, v]) => [
          scalarName(name, decays),
          Float32Array.of(v),
        ]),
      ),
    );
  }
}

function checkParameters({ name, parameters, updates }: Objective, known: ReadonlySet<Variable>): void {
  if (parameters.size === 0)
    throw new ConfigError(`step: objective ${name} has no parameters, got none, expected at least one to optimize`);
  for (const [path, parameter] of parameters) {
    if (parameter.dtype !== "float32")
      throw new ConfigError(`step: ${path} cannot be optimized, got ${formatType(parameter)}, expected float32`);
    if (!known.has(parameter))
      throw new ConfigError(
        `step: ${path} of objective ${name} has no first value, got a variable that is not the model's, expected one of its own`,
      );
    if (updates?.has(parameter))
      throw new ConfigError(
        `step: objective ${name} changes ${path} twice, got it both optimized and updated, expected one of the two`,
      );
  }
}

/** Gradients of the objective's loss. Throws UnsupportedOpError where an op has none, ConfigError where all are zero. */
function gradientsOf({ name, loss }: Objective, parameters: readonly Slotted[]): Tensor[] {
  const gradients = grad(
    loss,
    parameters.map((p) => p.parameter),
  );
  const isZero = (t: Tensor): boolean => scalarValue(t.op.name === "BroadcastTo" ? t.inputs[0]! : t) === 0;
  if (gradients.every(isZero))
    throw new ConfigError(
      `step: objective ${name} cannot learn, got a loss without a gradient in any of its parameters, ` +
        "expected one that depends on them other than through integers, bools or stopGradient",
    );
  return gradients;
}

const scalarName = (name: string, decaying: boolean): string => `optimizer.${name}${decaying ? "" : ".plain"}`;

function metricOutputs(objective: Objective, gradients: readonly Tensor[]): Map<string, Tensor> {
  const squares = gradients.map((g) => sum(square(g))).reduce((a, b) => add(a, b));
  return new Map([
    [objective.name, objective.loss],
    ...Object.entries(objective.metrics),
    ["gradientNorm", sqrt(squares)],
  ]);
}
