import type { InferenceSession } from "onnxruntime-common";
import type * as ort from "onnxruntime-web";
import { DeviceError } from "../errors.ts";
import type { Device } from "./device.ts";

type OnnxRuntime = typeof ort;

async function onnxRuntimeWeb(build: "wasm" | "webgpu"): Promise<OnnxRuntime> {
  try {
    // The two builds share one interface; only the WebGPU one carries that provider.
    return build === "webgpu" ? await import("onnxruntime-web/webgpu") : await import("onnxruntime-web/wasm");
  } catch (cause) {
    throw new DeviceError(
      "device: the package onnxruntime-web cannot be loaded, expected it beside latentkit; install it with: npm install onnxruntime-web",
      { cause },
    );
  }
}

const options: InferenceSession.SessionOptions = { graphOptimizationLevel: "all", logSeverityLevel: 3 };

/** ONNX Runtime's WebAssembly kernels: any browser, and Node without native code. `threads` above 1 need cross-origin isolation. */
export async function wasmDevice(threads = 1): Promise<Device> {
  const ort = await onnxRuntimeWeb("wasm");
  ort.env.wasm.numThreads = threads;
  return {
    name: "wasm",
    description: `onnxruntime-web ${ort.env.versions.web ?? ""} on WebAssembly, ${threads} thread${threads === 1 ? "" : "s"}`,
    version: ort.env.versions.web ?? "",
    target: { kind: "wasm" },
    residency: "host",
    float64: true,
    Tensor: ort.Tensor,
    load: (model) => ort.InferenceSession.create(model, { ...options, executionProviders: ["wasm"] }),
  };
}

/** WebGPU in the browser. */
export async function browserWebgpuDevice(): Promise<Device> {
  const ort = await onnxRuntimeWeb("webgpu");
  return {
    name: "webgpu",
    description: `onnxruntime-web ${ort.env.versions.web ?? ""} on WebGPU`,
    version: ort.env.versions.web ?? "",
    target: { kind: "webgpu" },
    residency: "device",
    float64: false,
    Tensor: ort.Tensor,
    load: (model, resident) =>
      ort.InferenceSession.create(model, {
        ...options,
        executionProviders: ["webgpu"],
        preferredOutputLocation: Object.fromEntries(resident.map((name) => [name, "gpu-buffer" as const])),
      }),
  };
}
