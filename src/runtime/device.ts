import type { Tensor as OrtTensor, TensorConstructor } from "onnxruntime-common";
import type { LoweringTarget } from "../graph/op.ts";
import type { OnnxModel } from "../onnx/emit.ts";

/** Device names; `auto` selects the fastest one available. */
export const deviceNames = ["auto", "cpu", "webgpu", "cuda", "wasm"] as const;
export type DeviceName = (typeof deviceNames)[number];

/** A compiled model. */
export interface Session {
  /** Computes the outputs named in `fetches`, into the given tensor, or a new one where it is null. */
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor | null>>,
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

/** A device that runs ONNX models. One small file per ONNX Runtime package implements it. */
export interface Device {
  readonly name: Exclude<DeviceName, "auto">;
  /** Description for users: provider, threads. */
  readonly description: string;
  /** ONNX Runtime's version. */
  readonly version: string;
  readonly target: LoweringTarget;
  /**
   * Where variables reside between runs. `host`: in one WebAssembly memory that sessions read in place and the optimizer's WASM pass updates in
   * place. `device`: in device buffers, updated by the graph itself.
   */
  readonly residency: "host" | "device";
  /** Whether float64 graphs are supported. */
  readonly float64: boolean;
  /**
   * The tensor class of this device's package. Each package has its own copy, and `run` silently takes a preallocated output of another copy for an
   * options object.
   */
  readonly Tensor: TensorConstructor;
  /** Compiles a model. `resident` outputs stay on the device (only with residency `device`). */
  load(model: OnnxModel, resident: readonly string[]): Promise<Session>;
}
