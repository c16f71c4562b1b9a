import type { Tensor as OrtTensor } from "onnxruntime-common";
import { ConfigError, ShapeError } from "../errors.ts";
import { formatType } from "../graph/shape.ts";
import { constant, Input, Noise, type Tensor, Variable } from "../graph/tensor.ts";
import { substitute, topologicalOrder } from "../graph/traverse.ts";
import { largeGraph, type OnnxModel, toOnnx } from "../onnx/emit.ts";
import { fillNormal, fillUniform, streamKey } from "../random/index.ts";
import type { Session } from "./device.ts";
import { allocate, checkHolds, hostArray, type HostArray, ortTensor } from "./host-array.ts";
import type { VariableStore } from "./variables.ts";

export interface ProgramSpec {
  /** Part of the noise key: programs with different names have independent noise in the same step. */
  readonly name: string;
  /** Outputs by name. Only those requested are computed in a run. */
  readonly outputs?: ReadonlyMap<string, Tensor>;
  /** Next values of variables that the graph itself updates; computed in every run. */
  readonly updates?: ReadonlyMap<Variable, Tensor>;
  /** Outputs computed in every run, written directly into a variable's memory (gradients, with host residency). */
  readonly writes?: ReadonlyMap<Variable, Tensor>;
  /** EMA weights, by the variable in whose place they are read. */
  readonly emaWeights?: ReadonlyMap<Variable, Variable>;
  /**
   * Whether the values of variables, all or these, are compiled in as initializers, which ONNX Runtime packs: for weights that no longer change. Batches of
   * 64 then run 1.05 to 1.18 times as fast (VAEs of 784-400-20 and of two convolutions), those of 250 and more do not.
   */
  readonly frozen?: boolean | ReadonlySet<Variable>;
  /**
   * Whether a large graph is compiled once, with all outputs, whichever are requested: each compiled graph holds memory of its own, and what only
   * metrics need is little beside the rest.
   */
  readonly once?: boolean;
}

/** Weights that are compiled in are held once more by each program: not beyond so many bytes. */
const mostFrozenBytes = 64 * 2 ** 20;

export interface RunOptions {
  readonly inputs?: Readonly<Record<string, HostArray>>;
  readonly outputs?: readonly string[];
  /** Arrays of the caller's for some of the outputs, written in place of new ones. */
  readonly into?: Readonly<Record<string, HostArray>>;
  /** Seed and step: the key of this run's noise. */
  readonly seed?: number;
  readonly step?: number;
}

interface Variant {
  readonly session: Session;
  readonly model: OnnxModel;
  /** Feeds and fetches reused from run to run, but for outputs; inputs and swapped variables are replaced in place. */
  readonly feeds: Record<string, OrtTensor>;
  readonly fetches: Record<string, OrtTensor | null>;
}

/**
 * A pure function (variables, inputs, noise) -> (outputs, variables), compiled for a device. Each set of requested outputs is a separate model,
 * compiled on first use, so a step without metrics has no nodes that only serve them.
 *
 * @example
 * const x = new Input("x", [3]);
 * const store = createVariables(await cpuDevice(), []);
 * const program = new Program(store, { name: "double", outputs: new Map([["y", x.mul(2)]]) });
 * const { y } = await program.run({ inputs: { x: Float32Array.of(1, 2, 3) }, outputs: ["y"] });
 * Array.from(y as Float32Array); // [2, 4, 6]
 * await program.release();
 */
export class Program {
  readonly #spec: ProgramSpec;
  readonly #store: VariableStore;
  readonly #names = new Map<Tensor, string>();
  readonly #inputs = new Map<string, Input>();
  readonly #variables = new Map<string, Variable>();
  readonly #noise = new Map<string, { leaf: Noise; tensor: OrtTensor; index: number }>();
  readonly #variants = new Map<string, Promise<Variant>>();
  #last: Promise<void> = Promise.resolve();

  constructor(store: VariableStore, spec: ProgramSpec) {
    this.#store = store;
    this.#spec = spec;
    // Leaves are numbered over all outputs of the program, so that a leaf's noise does not depend on which are requested.
    const all = [
      ...(spec.outputs ?? new Map()).values(),
      ...(spec.updates ?? new Map()).values(),
      ...(spec.writes ?? new Map()).values(),
    ];
    for (const t of topologicalOrder(all)) {
      if (t instanceof Input) {
        if (this.#inputs.has(t.name))
          throw new ConfigError(`program ${spec.name}: two inputs are named ${t.name}, expected one of each name`);
        this.#inputs.set(t.name, t);
        this.#names.set(t, `input.${t.name}`);
      } else if (t instanceof Variable) {
        const name = `variable.${this.#variables.size}`;
        this.#variables.set(name, t);
        this.#names.set(t, name);
      } else if (t instanceof Noise) {
        const index = this.#noise.size;
        const name = `noise.${index}`;
        this.#noise.set(name, { leaf: t, index, tensor: ortTensor(store.device, new Float32Array(t.size), t) });
        this.#names.set(t, name);
      }
    }
  }

  /** An output that a caller may ask for. Throws ConfigError where there is none of that name. */
  output(name: string): Tensor {
    const t = this.#spec.outputs?.get(name);
    if (t) return t;
    throw new ConfigError(
      `program ${this.#spec.name}: no such output, got ${name}, expected one of ${[...(this.#spec.outputs?.keys() ?? [])].join(", ")}`,
    );
  }

  /** The names of all outputs, in their order. */
  get outputs(): readonly string[] {
    return [...(this.#spec.outputs?.keys() ?? [])];
  }

  /** Shapes of the inputs a caller gives, by name. */
  get inputs(): ReadonlyMap<string, Input> {
    return this.#inputs;
  }

  /** Compiles the model of a set of outputs before its first run. */
  async prepare(outputs: readonly string[] = []): Promise<{ readonly nodes: number; readonly bytes: number }> {
    const { model } = await this.#variant(outputs);
    return { nodes: model.nodes, bytes: model.bytes.length };
  }

  /** Runs once, after the runs before it. Returns the outputs asked for as arrays of the host. */
  async run(options: RunOptions): Promise<Record<string, HostArray>> {
    // Noise and feeds are the same objects in every run, so that runs cannot overlap.
    const before = this.#last;
    let done = (): void => {};
    this.#last = new Promise((resolve) => (done = resolve));
    await before;
    try {
      return await this.#run(options);
    } finally {
      done();
    }
  }

  async #run({
    inputs = {},
    outputs = [],
    into = {},
    seed = 0,
    step = 0,
  }: RunOptions): Promise<Record<string, HostArray>> {
    const { session, model, feeds, fetches: held } = await this.#variant(outputs);
    const fetches = { ...held };
    for (const [name, array] of Object.entries(into))
      checkHolds(`program ${this.#spec.name}: output ${name} does not fit`, array, this.output(name));
    for (const name of model.inputs) {
      const noise = this.#noise.get(name);
      if (noise) {
        const key = streamKey(seed, "noise", this.#spec.name, step, noise.index);
        const data = hostArray(noise.tensor) as Float32Array;
        if (noise.leaf.distribution === "normal") fillNormal(data, key);
        else fillUniform(data, key);
        continue;
      }
      const variable = this.#variables.get(name);
      if (variable) {
        feeds[name] = this.#store.feed(this.#spec.emaWeights?.get(variable) ?? variable);
        continue;
      }
      const key = name.slice("input.".length);
      const input = this.#inputs.get(key)!;
      const given = inputs[key];
      if (!given)
        throw new ShapeError(
          `program ${this.#spec.name}: input ${key} has no value, got ${Object.keys(inputs).join(", ") || "no inputs"}, expected ${formatType(input)}`,
        );
      const held = feeds[name];
      if (held?.location !== "cpu" || held.data !== given) {
        checkHolds(`program ${this.#spec.name}: input ${key} does not fit`, given, input);
        feeds[name] = ortTensor(this.#store.device, given, input);
      }
    }
    const updates = [...(this.#spec.updates ?? new Map<Variable, Tensor>()).keys()];
    updates.forEach((v, i) => (fetches[`update.${i}`] = this.#store.next(v) ?? null));
    // On the host all outputs are preallocated, so that nothing is copied after the run (runtime/node.ts).
    if (this.#store.device.residency === "host")
      for (const name of outputs) {
        const t = this.#spec.outputs!.get(name)!;
        fetches[`output.${name}`] = ortTensor(this.#store.device, into[name] ?? allocate(t.dtype, t.size), t);
      }
    else for (const name of outputs) fetches[`output.${name}`] = null;
    const results = await session.run(feeds, fetches);
    updates.forEach((v, i) => this.#store.commit(v, results[`update.${i}`]!));
    return Object.fromEntries(outputs.map((name) => [name, placed(hostArray(results[`output.${name}`]!), into[name])]));
  }

  async release(): Promise<void> {
    const variants = new Set(await Promise.all(this.#variants.values()));
    this.#variants.clear();
    for (const { session } of variants) await session.release();
  }

  /** Puts the variables' values in place of them. */
  async #freeze(wanted: Map<string, Tensor>, which: true | ReadonlySet<Variable>): Promise<void> {
    const leaves = topologicalOrder([...wanted.values()]).filter(
      (t): t is Variable => t instanceof Variable && t.dtype === "float32" && (which === true || which.has(t)),
    );
    if (4 * leaves.reduce((sum, v) => sum + v.size, 0) > mostFrozenBytes) return;
    const values = new Map<Tensor, Tensor>();
    for (const v of leaves) {
      const held = await this.#store.read(this.#spec.emaWeights?.get(v) ?? v);
      values.set(v, constant(held as Float32Array, v.shape));
    }
    const names = [...wanted.keys()];
    substitute([...wanted.values()], values).forEach((t, i) => wanted.set(names[i]!, t));
  }

  #variant(outputs: readonly string[]): Promise<Variant> {
    const key = outputs.join();
    let variant = this.#variants.get(key);
    if (!variant) this.#variants.set(key, (variant = this.#compile(outputs)));
    return variant;
  }

  async #compile(outputs: readonly string[]): Promise<Variant> {
    const { device } = this.#store;
    const wanted = new Map(outputs.map((name) => [`output.${name}`, this.output(name)]));
    const fetches: Record<string, OrtTensor | null> = {};
    const updates = [...(this.#spec.updates ?? new Map<Variable, Tensor>()).values()];
    updates.forEach((t, i) => wanted.set(`update.${i}`, t));
    if (this.#spec.frozen) await this.#freeze(wanted, this.#spec.frozen);
    [...(this.#spec.writes ?? new Map<Variable, Tensor>())].forEach(([v, t], i) => {
      wanted.set(`write.${i}`, t);
      fetches[`write.${i}`] = this.#store.feed(v);
    });
    const model = toOnnx({ inputs: this.#names, outputs: wanted, target: device.target });
    if (this.#spec.once && model.computedBytes >= largeGraph && outputs.length < this.outputs.length)
      return this.#variant(this.outputs);
    const session = await device.load(model, device.residency === "device" ? updates.map((_, i) => `update.${i}`) : []);
    const feeds: Record<string, OrtTensor> = {};
    for (const name of model.inputs) {
      const noise = this.#noise.get(name);
      if (noise) feeds[name] = noise.tensor;
    }
    return { session, model, feeds, fetches };
  }
}

/** What was computed, in the caller's array where it is not there yet. */
function placed(found: HostArray, into: HostArray | undefined): HostArray {
  if (!into || into === found) return found;
  const bytes = ({ buffer, byteOffset, byteLength }: HostArray): Uint8Array =>
    new Uint8Array(buffer, byteOffset, byteLength);
  bytes(into).set(bytes(found));
  return into;
}
