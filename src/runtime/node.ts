import type { InferenceSession } from "onnxruntime-common";
import type * as ort from "onnxruntime-node";
import { DeviceError } from "../errors.ts";
import type { Device } from "./device.ts";

type OnnxRuntime = typeof ort;

async function onnxRuntimeNode(): Promise<OnnxRuntime> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new DeviceError(
      "device: the package onnxruntime-node cannot be loaded, expected it beside latentkit; " +
        "install it with: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node",
      { cause },
    );
  }
}

/** Execution providers that the installed onnxruntime-node was built with. */
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
      // Moments decay into denormals and stay there (0.9 times the smallest rounds back to it), where arithmetic runs many
      // times slower. The first session of a process sets this for the JavaScript thread too (ONNX Runtime 1.30), hence
      // for the optimizer's pass: with one weight in five at rest, Adam takes 0.4 ms in place of 7.
      set_denormal_as_zero: "1",
    },
  },
});

/** ONNX Runtime's CPU kernels, on `threads` threads (0: one per physical core). */
export async function cpuDevice(threads = 0): Promise<Device> {
  const ort = await onnxRuntimeNode();
  return {
    name: "cpu",
    description: `onnxruntime-node ${ort.env.versions.node ?? ""} on the CPU, ${threads || "all"} threads`,
    version: ort.env.versions.node ?? "",
    target: { kind: "cpu" },
    residency: "host",
    float64: true,
    Tensor: ort.Tensor,
    load: (model) => ort.InferenceSession.create(model, { ...sessionOptions(threads), executionProviders: ["cpu"] }),
  };
}

/** WebGPU through onnxruntime-node. Throws DeviceError where no adapter answers. */
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
      ort.InferenceSession.create(model, {
        ...sessionOptions(0),
        executionProviders: ["webgpu"],
        preferredOutputLocation: Object.fromEntries(resident.map((name) => [name, "gpu-buffer" as const])),
      }),
  };
}

/** CUDA through onnxruntime-node, where its provider library is installed. Its tensors cross to the host at each run. */
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
    load: (model) => ort.InferenceSession.create(model, { ...sessionOptions(0), executionProviders: ["cuda"] }),
  };
}
