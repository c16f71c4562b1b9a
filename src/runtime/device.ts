import type { Tensor as OrtTensor, TensorConstructor } from "onnxruntime-common";
import type { LoweringTarget } from "../graph/op.ts";
import type { OnnxModel } from "../onnx/emit.ts";

/** Names a person may ask for; `auto` picks the fastest one that works here. */
export const deviceNames = ["auto", "cpu", "webgpu", "cuda", "wasm"] as const;
export type DeviceName = (typeof deviceNames)[number];

/** A compiled model. */
export interface Session {
  /** Makes the outputs named in `fetches`: in the tensor given, or in a new one where it is null. */
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** A place that runs ONNX models. One small file per ONNX Runtime package implements it. */
export interface Device {
  readonly name: Exclude<DeviceName, "auto">;
  /** What it is, for people: provider, threads. */
  readonly description: string;
  /** Of ONNX Runtime. */
  readonly version: string;
  readonly target: LoweringTarget;
  /**
   * Where variables live between runs. `host`: in one WebAssembly memory that sessions read in place and the
   * optimizer's WASM pass updates in place. `device`: in buffers of the device, updated by the graph itself.
   */
  readonly residency: "host" | "device";
  /** Whether float64 graphs run here. */
  readonly float64: boolean;
  /**
   * The tensor class of this device's package. Each package has a copy of its own, and `run` takes a preallocated output
   * of another copy for an options object, without a word.
   */
  readonly Tensor: TensorConstructor;
  /** Compiles a model. `resident` outputs stay on the device (only where residency is `device`). */
  load(model: OnnxModel, resident: readonly string[]): Promise<Session>;
}
