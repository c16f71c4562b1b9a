import type { Tensor as OrtTensor } from "onnxruntime-common";
import { ConfigError } from "../errors.ts";
import { bytesPerElement, formatType } from "../graph/shape.ts";
import { Input, type Variable } from "../graph/tensor.ts";
import { toOnnx } from "../onnx/emit.ts";
import type { Device, Session } from "./device.ts";
import { allocate, checkHolds, hostArray, type HostArray, ortTensor } from "./host-array.ts";

/** Storage of the values of variables between runs of programs. */
export interface VariableStore {
  readonly device: Device;
  /** The current value, as a program's input. */
  feed(v: Variable): OrtTensor;
  /** A copy of the current value on the host. */
  read(v: Variable): Promise<HostArray>;
  write(v: Variable, data: HostArray): Promise<void>;
  /** A tensor for a program to write the next value to, or undefined where the device allocates it. */
  next(v: Variable): OrtTensor | undefined;
  /** Makes the written tensor the current value. */
  commit(v: Variable, written: OrtTensor): void;
  release(): Promise<void>;
}

const pageBytes = 65536;
const mostPages = 65536;
/** Arrays are aligned to 64 bytes: a cache line, and whole SIMD lanes for the optimizer's pass. */
const alignment = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/**
 * Variables in one WebAssembly memory, in the given order: ONNX Runtime reads and writes views of it in place, and the optimizer's WASM pass
 * iterates over it. Variables passed to `next` get a second buffer, and commit swaps the two.
 */
export class HostVariables implements VariableStore {
  readonly device: Device;
  readonly memory: WebAssembly.Memory;
  readonly #tensors = new Map<Variable, OrtTensor>();
  readonly #spare = new Map<Variable, OrtTensor>();
  readonly #addresses = new Map<Variable, number>();

  constructor(device: Device, variables: readonly Variable[]) {
    this.device = device;
    let bytes = 0;
    for (const v of variables) {
      this.#addresses.set(v, bytes);
      bytes += aligned(v.size * bytesPerElement[v.dtype]);
    }
    // Views are detached when a memory grows, so it is allocated at its final size.
    const pages = Math.max(1, Math.ceil(bytes / pageBytes));
    if (pages > mostPages)
      throw new ConfigError(
        `variables: the state does not fit WebAssembly's memory, got ${bytes} bytes, expected at most ${mostPages * pageBytes}; use a smaller model, or a GPU`,
      );
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    for (const [v, address] of this.#addresses) this.#tensors.set(v, ortTensor(device, this.#view(v, address), v));
  }

  #view(v: Variable, address: number): HostArray {
    const { buffer } = this.memory;
    if (v.dtype === "float32") return new Float32Array(buffer, address, v.size);
    if (v.dtype === "float64") return new Float64Array(buffer, address, v.size);
    return v.dtype === "int64" ? new BigInt64Array(buffer, address, v.size) : new Uint8Array(buffer, address, v.size);
  }

  /** Byte offset of a variable in the memory. */
  address(v: Variable): number {
    const address = this.#addresses.get(v);
    if (address === undefined) throw new Error(`variables: one of shape [${v.shape}] is not in this store`);
    return address;
  }

  /** Bytes from a variable's start to the next variable's start. */
  extent(v: Variable): number {
    return aligned(v.size * bytesPerElement[v.dtype]);
  }

  feed(v: Variable): OrtTensor {
    const tensor = this.#tensors.get(v);
    if (!tensor) throw new Error(`variables: one of shape [${v.shape}] is not in this store`);
    return tensor;
  }

  read(v: Variable): Promise<HostArray> {
    return Promise.resolve(hostArray(this.feed(v)).slice());
  }

  write(v: Variable, data: HostArray): Promise<void> {
    const held = hostArray(this.feed(v));
    checkHolds("variables: the array does not fit", data, v);
    // Both arrays are of the same type, which the union does not express.
    (held as Float32Array).set(data as Float32Array);
    return Promise.resolve();
  }

  next(v: Variable): OrtTensor {
    let spare = this.#spare.get(v);
    if (!spare) this.#spare.set(v, (spare = ortTensor(this.device, allocate(v.dtype, v.size), v)));
    return spare;
  }

  commit(v: Variable, written: OrtTensor): void {
    const previous = this.feed(v);
    this.#tensors.set(v, written);
    this.#spare.set(v, previous);
  }

  release(): Promise<void> {
    this.#tensors.clear();
    this.#spare.clear();
    return Promise.resolve();
  }
}

/** Variables in device buffers, copied to the host only when read or written. */
export class DeviceVariables implements VariableStore {
  readonly device: Device;
  readonly #tensors = new Map<Variable, OrtTensor>();
  /** Identity graphs, one per type and direction. They own the buffers they made, so they are kept. */
  readonly #copies = new Map<string, Promise<Session>>();

  constructor(device: Device) {
    this.device = device;
  }

  feed(v: Variable): OrtTensor {
    const tensor = this.#tensors.get(v);
    if (!tensor) throw new Error(`variables: one of shape [${v.shape}] has no value yet`);
    return tensor;
  }

  read(v: Variable): Promise<HostArray> {
    // getData() of a GPU tensor aborts the process in onnxruntime-node 1.30; a CPU output is the way to the host.
    return this.#copy(v, this.feed(v), false).then((t) => hostArray(t).slice());
  }

  async write(v: Variable, data: HostArray): Promise<void> {
    checkHolds("variables: the array does not fit", data, v);
    this.commit(v, await this.#copy(v, ortTensor(this.device, data, v), true));
  }

  next(): undefined {
    return undefined;
  }

  commit(v: Variable, written: OrtTensor): void {
    this.#tensors.get(v)?.dispose();
    this.#tensors.set(v, written);
  }

  async release(): Promise<void> {
    for (const t of this.#tensors.values()) t.dispose();
    this.#tensors.clear();
    const sessions = await Promise.all(this.#copies.values());
    this.#copies.clear();
    await Promise.all(sessions.map((session) => session.release()));
  }

  async #copy(v: Variable, from: OrtTensor, toDevice: boolean): Promise<OrtTensor> {
    const key = `${formatType(v)} ${toDevice ? "in" : "out"}`;
    let session = this.#copies.get(key);
    if (!session) {
      const x = new Input("x", v.shape, v.dtype);
      const { target } = this.device;
      const model = toOnnx({ inputs: new Map([[x, "x"]]), outputs: new Map([["y", x]]), target });
      this.#copies.set(key, (session = this.device.load(model, toDevice ? ["y"] : [])));
    }
    return (await (await session).run({ x: from }, { y: null }))["y"]!;
  }
}

/** The storage for variables on a device. */
export const createVariables = (device: Device, variables: Iterable<Variable>): VariableStore =>
  device.residency === "host" ? new HostVariables(device, [...variables]) : new DeviceVariables(device);

/** Variables of two stores of one device as one: some of them in a store of their own, all others in another. */
export class JoinedVariables implements VariableStore {
  readonly device: Device;
  readonly #own: VariableStore;
  readonly #owned: ReadonlySet<Variable>;
  readonly #others: VariableStore;

  constructor(own: VariableStore, owned: Iterable<Variable>, others: VariableStore) {
    this.device = own.device;
    this.#own = own;
    this.#owned = new Set(owned);
    this.#others = others;
  }

  #storeOf(v: Variable): VariableStore {
    return this.#owned.has(v) ? this.#own : this.#others;
  }
  feed(v: Variable): OrtTensor {
    return this.#storeOf(v).feed(v);
  }
  read(v: Variable): Promise<HostArray> {
    return this.#storeOf(v).read(v);
  }
  write(v: Variable, data: HostArray): Promise<void> {
    return this.#storeOf(v).write(v, data);
  }
  next(v: Variable): OrtTensor | undefined {
    return this.#storeOf(v).next(v);
  }
  commit(v: Variable, written: OrtTensor): void {
    this.#storeOf(v).commit(v, written);
  }
  /** Nothing: each store belongs to whoever made it. */
  release(): Promise<void> {
    return Promise.resolve();
  }
}
