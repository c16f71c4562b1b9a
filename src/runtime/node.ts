import type { InferenceSession, Tensor } from "onnxruntime-common";
import type * as ort from "onnxruntime-node";
import { DataError, DeviceError } from "../errors.ts";
import { largeGraph } from "../onnx/emit.ts";
import { unreturnable } from "../onnx/model-proto.ts";
import type { Rewrite } from "../graph/op.ts";
import type { Device, Session } from "./device.ts";
import { probeBlocks } from "./probe-blocks.ts";

type OnnxRuntime = typeof ort;

/** How to get onnxruntime-node: npm leaves it out, and says nothing, where its install script cannot download CUDA's libraries. */
export const installation = "install it with: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node";

async function onnxRuntimeNode(): Promise<OnnxRuntime> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new DeviceError(
      `device: the package onnxruntime-node cannot be loaded, got ${firstLine(cause)}, expected it beside latentkit; ${installation}`,
      { cause },
    );
  }
}

/** Execution providers of the installed onnxruntime-node. */
export async function listNodeProviders(): Promise<readonly string[]> {
  const ort = await onnxRuntimeNode();
  return ort.listSupportedBackends().map((b) => b.name);
}

const sessionOptions = (threads: number): InferenceSession.SessionOptions => ({
  graphOptimizationLevel: "all",
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: "sequential",
  logSeverityLevel: 3,
  extra: {
    session: {
      // Moments decay into denormals and stay there (0.9 times the smallest rounds back to it), where arithmetic is many times slower. The first
      // session of a process sets this for the JavaScript thread too (ONNX Runtime 1.30), hence for the optimizer's pass: with one weight in five
      // without gradient, Adam takes 0.4 ms in place of 7.
      set_denormal_as_zero: "1",
      // Idle threads of a session spin this long before they sleep: longer than the optimizer's pass, but not through the run of another session on
      // the same cores (by default they spin for longer than a step takes). Computing the loss in every 20th step of the 784-400-20 VAE, in a
      // session of its own, raised the mean step from 2.2 to 3.3 ms.
      intra_op: { spin_duration_us: "500" },
    },
  },
});

const refusal = "Non tensor type is temporarily not supported.";

/**
 * Sessions that fill preallocated arrays and return nothing. The binding copies every output into a new array, even one written to a preallocated
 * array (onnxruntime-node 1.30, OrtValueToNapiValue): 0.5 ms of 2.3 for the gradients of the 784-400-20 VAE. Outputs are converted in the
 * model's order after the run, so where the first one cannot be converted, none is copied. A run without that error has filled the arrays
 * just the same.
 */
function filling(session: InferenceSession): Session {
  const isFull = (fetches: Readonly<Record<string, Tensor | null>>): fetches is Readonly<Record<string, Tensor>> =>
    !Object.values(fetches).includes(null);
  return {
    async run(feeds, fetches) {
      if (!isFull(fetches)) return session.run(feeds, fetches);
      try {
        await session.run(feeds, { [unreturnable]: null, ...fetches });
      } catch (error) {
        if (!(error instanceof Error && error.message === refusal)) throw error;
      }
      return fetches;
    },
    release: () => session.release(),
  };
}

// For a small model a second thread costs more than it saves: a step of a 2-64-64-2 network on 256 points, 3.3 million multiplications, takes
// 0.12 ms on one thread and 0.15 on two; with 15 million they are equal.
const smallWork = 8e6;

/** The same for all devices of a process. */
let probed: ReturnType<typeof probeBlocks> | undefined;

/**
 * ONNX Runtime's CPU kernels on `threads` threads (0: one per physical core); small models run on one. Rewrites of graphs can be left out, to
 * measure them.
 */
export async function cpuDevice(
  threads = 0,
  { without = [] }: { readonly without?: readonly Rewrite[] } = {},
): Promise<Device> {
  const ort = await onnxRuntimeNode();
  const device: Device = {
    name: "cpu",
    description: `onnxruntime-node ${ort.env.versions.node ?? ""} on the CPU, ${threads || "all"} threads`,
    version: ort.env.versions.node ?? "",
    target: { kind: "cpu", unreturnable: true },
    residency: "host",
    float64: true,
    Tensor: ort.Tensor,
    load: async (model) =>
      filling(
        await ort.InferenceSession.create(model.bytes, {
          ...sessionOptions(model.work < smallWork ? 1 : threads),
          // With a memory pattern, all tensors of a run lie in one block, as the first run needed them. For large graphs it is nearly twice what they
          // need at a time: a U-Net step of 64 images peaks at 974 MiB with it and at 577 without, that of a hierarchical VAE at 1838 and 1035.
          enableMemPattern: model.computedBytes < largeGraph || without.includes("memory"),
          executionProviders: ["cpu"],
        }),
      ),
  };
  const blocks = await (probed ??= probeBlocks(device));
  return { ...device, target: { ...device.target, ...(blocks && { blocks }), without } };
}

/** WebGPU through onnxruntime-node. Throws DeviceError where there is no adapter. */
export async function nodeWebgpuDevice(): Promise<Device> {
  const ort = await onnxRuntimeNode();
  return {
    name: "webgpu",
    description: `onnxruntime-node ${ort.env.versions.node ?? ""} on WebGPU`,
    version: ort.env.versions.node ?? "",
    target: { kind: "webgpu" },
    residency: "device",
    float64: false,
    Tensor: ort.Tensor,
    load: (model, resident) =>
      ort.InferenceSession.create(model.bytes, {
        ...sessionOptions(0),
        executionProviders: ["webgpu"],
        preferredOutputLocation: Object.fromEntries(resident.map((name) => [name, "gpu-buffer" as const])),
      }),
  };
}

/** CUDA through onnxruntime-node, where its provider library is installed. Variables are copied to the GPU and back at each run. */
export async function cudaDevice(): Promise<Device> {
  const ort = await onnxRuntimeNode();
  return {
    name: "cuda",
    description: `onnxruntime-node ${ort.env.versions.node ?? ""} on CUDA`,
    version: ort.env.versions.node ?? "",
    target: { kind: "cuda" },
    residency: "host",
    float64: true,
    Tensor: ort.Tensor,
    load: (model) => ort.InferenceSession.create(model.bytes, { ...sessionOptions(0), executionProviders: ["cuda"] }),
  };
}

/** An input or output of an ONNX model. */
export interface OnnxValue {
  readonly name: string;
  /** Its shape, with a symbolic name for each dynamic dimension. */
  readonly shape: readonly (number | string)[];
  /** float32, int64 and so on. */
  readonly type: string;
}

/** An ONNX model from elsewhere, loaded for inference. */
export interface LoadedOnnx {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Runs the model on float32 values for the input `name`; returns the requested outputs with their shapes. */
  run(
    name: string,
    data: Float32Array,
    shape: readonly number[],
    outputs: readonly string[],
  ): Promise<Readonly<Record<string, { readonly data: Float32Array; readonly shape: readonly number[] }>>>;
  release(): Promise<void>;
}

/**
 * Loads an ONNX model from its bytes on the CPU, with `threads` threads (0: one per physical core). Throws DataError, prefixed by `where`, for an
 * invalid model, and at a run for inputs or outputs that do not fit.
 */
export async function loadOnnx(bytes: Uint8Array, where: string, threads = 0): Promise<LoadedOnnx> {
  const ort = await onnxRuntimeNode();
  const options = { ...sessionOptions(threads), executionProviders: ["cpu"] };
  const session = await ort.InferenceSession.create(bytes, options).catch((cause: unknown) => {
    throw new DataError(`${where}: not a model that ONNX Runtime loads, got ${firstLine(cause)}`, { cause });
  });
  const described = (values: readonly InferenceSession.ValueMetadata[]): OnnxValue[] =>
    values.map((value) => ({
      name: value.name,
      shape: value.isTensor ? value.shape : [],
      type: value.isTensor ? value.type : "no tensor",
    }));
  return {
    inputs: described(session.inputMetadata),
    outputs: described(session.outputMetadata),
    async run(name, data, shape, outputs) {
      const results = await session
        .run({ [name]: new ort.Tensor("float32", data, shape) }, [...outputs])
        .catch((cause: unknown) => {
          throw new DataError(`${where}: it does not run on [${shape.join(", ")}], got ${firstLine(cause)}`, { cause });
        });
      return Object.fromEntries(
        outputs.map((output) => {
          const { data: found, dims } = results[output]!;
          if (!(found instanceof Float32Array))
            throw new DataError(`${where}: output ${output} is of ${results[output]!.type}, expected float32`);
          return [output, { data: found, shape: dims }];
        }),
      );
    },
    release: () => session.release(),
  };
}

const firstLine = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
