import { ConfigError } from "../errors.ts";
import type { DType } from "../graph/shape.ts";
import type { ValueInfo } from "../onnx/model-proto.ts";
import { fillNormal, fillUniform, streamKey } from "../random/index.ts";
import type { ExportedGraph } from "../runs/export/exported-model.ts";
import type { Device, Session } from "../runtime/device.ts";
import { allocate, type HostArray, hostArray, ortTensor } from "../runtime/host-array.ts";
import type { Arrays, ShapedArray } from "./json-arrays.ts";
import { Batcher, type BatcherOptions, type Rows } from "./batcher.ts";
import { checkInputs } from "./check-inputs.ts";

/** Limits of a server: rows of a batch, which a request may have at most; how long a batch waits for others; and how many rows may wait. */
export type ServingLimits = Omit<BatcherOptions<never, never>, "run">;

export interface ServedOptions {
  readonly device: Device;
  readonly limits: ServingLimits;
  /** Of inputs without a row for each example: options of a sampler. */
  readonly defaults: Readonly<Record<string, number>>;
  /** Throws ConfigError for values of an input that its dtype has and the model does not take. */
  readonly check: (name: string, data: HostArray) => void;
}

/** What a request is computed from: its inputs, and the seed of its noise. */
interface Asked {
  readonly arrays: Arrays;
  readonly seed: number;
}

/**
 * A function of a model for requests of any number of rows, which are computed together. Inputs without a row for each example (a temperature) have a
 * default, and requests of one batch have the same. Noise is drawn by the server, by the seed of the request alone: the same request has the same
 * answer, whatever it is computed with.
 */
export class ServedFunction {
  readonly graph: ExportedGraph;
  /** What a client gives: all inputs but noise and the number of rows. */
  readonly inputs: readonly ValueInfo[];
  readonly #session: Session;
  readonly #options: ServedOptions;
  readonly #batcher: Batcher<Asked, Arrays>;

  private constructor(graph: ExportedGraph, session: Session, options: ServedOptions) {
    this.graph = graph;
    this.inputs = graph.inputs.filter(({ name }) => !(name in graph.noise) && name !== "batch");
    this.#session = session;
    this.#options = options;
    this.#batcher = new Batcher({ ...options.limits, run: (requests) => this.#compute(requests) });
  }

  static async load(graph: ExportedGraph, options: ServedOptions): Promise<ServedFunction> {
    const inputs = graph.inputs.map(({ name }) => name);
    const model = { bytes: graph.bytes, inputs, nodes: 0, work: Infinity, computedBytes: 0 };
    return new ServedFunction(graph, await options.device.load(model, []), options);
  }

  /** Whether the number of rows is the client's to say, for no input has it. */
  get countsRows(): boolean {
    return !this.inputs.some(hasRows);
  }

  /**
   * The outputs for some inputs, or for `rows` where no input has rows. Throws ConfigError for inputs that do not fit, OverloadedError where too many
   * requests wait.
   */
  async run(
    given: Arrays,
    { seed = 0, rows }: { readonly seed?: number; readonly rows?: number } = {},
  ): Promise<Arrays> {
    const arrays = this.#checked(given);
    const count = this.#rowsOf(arrays, rows);
    const shared = this.inputs.flatMap((info) => (hasRows(info) ? [] : [Number(arrays[info.name]!.data[0])]));
    return this.#batcher.submit({ inputs: { arrays, seed }, rows: count, together: shared.join() });
  }

  /** Frees the model once all that was asked is answered. */
  async release(): Promise<void> {
    await this.#batcher.finished();
    await this.#session.release();
  }

  #checked(given: Arrays): Arrays {
    const arrays: Arrays = {
      ...given,
      ...Object.fromEntries(
        this.inputs.flatMap(({ name, type }) => {
          const usual = Object.hasOwn(given, name) ? undefined : this.#default(name, type.dtype);
          return usual ? [[name, usual]] : [];
        }),
      ),
    };
    checkInputs(arrays, this.inputs);
    for (const { name } of this.inputs) this.#options.check(name, arrays[name]!.data);
    return arrays;
  }

  #default(name: string, dtype: DType): ShapedArray | undefined {
    const number = this.#options.defaults[name];
    if (number !== undefined && dtype === "float32") return { dtype, shape: [], data: Float32Array.of(number) };
    return undefined;
  }

  #rowsOf(arrays: Arrays, asked: number | undefined): number {
    const { mostRows } = this.#options.limits;
    const [first, ...others] = this.inputs.filter(hasRows);
    const rows = first ? arrays[first.name]!.shape[0]! : (asked ?? 1);
    const other = others.find(({ name }) => arrays[name]!.shape[0] !== rows);
    if (other)
      throw new ConfigError(
        `${other.name}: rows differ, got ${arrays[other.name]!.shape[0]}, expected ${rows} as of ${first!.name}`,
      );
    if (!Number.isSafeInteger(rows) || rows < 1 || rows > mostRows)
      throw new ConfigError(`${first?.name ?? "count"}: number of rows, got ${rows}, expected 1 to ${mostRows}`);
    return rows;
  }

  async #compute(requests: readonly Rows<Asked>[]): Promise<readonly Arrays[]> {
    const rows = requests.reduce((sum, request) => sum + request.rows, 0);
    const { device } = this.#options;
    const feeds = Object.fromEntries(
      this.graph.inputs.map(({ name, type }) => {
        if (name === "batch")
          return [name, ortTensor(device, BigInt64Array.of(BigInt(rows)), { dtype: "int64", shape: [1] })];
        const batched = type.shape.some((d) => typeof d === "string");
        const shape = type.shape.map((d) => (typeof d === "string" ? rows * factorOf(d) : d));
        const data = allocate(
          type.dtype,
          shape.reduce((size, d) => size * d, 1),
        );
        if (!batched) data.set(requests[0]!.inputs.arrays[name]!.data as never);
        else {
          let at = 0;
          for (const { inputs, rows: own } of requests) {
            const part = data.subarray(at, (at += (data.length / rows) * own));
            if (name in this.graph.noise) this.#draw(name, part as Float32Array, inputs.seed);
            else part.set(inputs.arrays[name]!.data as never);
          }
        }
        return [name, ortTensor(device, data, { dtype: type.dtype, shape })];
      }),
    );
    const { outputs } = this.graph;
    const found = await this.#session.run(feeds, Object.fromEntries(outputs.map(({ name }) => [name, null])));
    let at = 0;
    return requests.map(({ rows: own }) => {
      const from = at;
      at += own;
      return Object.fromEntries(
        outputs.map(({ name, type }) => {
          const data = hostArray(found[name]!);
          const perRow = data.length / rows;
          const shape = type.shape.map((d) => (typeof d === "string" ? own * factorOf(d) : d));
          return [name, { dtype: type.dtype, shape, data: data.slice(from * perRow, at * perRow) }];
        }),
      );
    });
  }

  #draw(name: string, into: Float32Array, seed: number): void {
    const key = streamKey(seed, "served", this.graph.name, name);
    if (this.graph.noise[name] === "normal") fillNormal(into, key);
    else fillUniform(into, key);
  }
}

const hasRows = ({ type }: ValueInfo): boolean => typeof type.shape[0] === "string";

/** How many times the batch size an extent is: `2*batch` of any-batch.ts. */
const factorOf = (extent: string): number => Number(/^(\d+)\*/.exec(extent)?.[1] ?? 1);
