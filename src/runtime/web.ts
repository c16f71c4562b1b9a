import type { InferenceSession } from "onnxruntime-common";
import type * as ort from "onnxruntime-web";
import { DeviceError } from "../errors.ts";
import type { Device, Session } from "./device.ts";
import { hostArray } from "./host-array.ts";

type OnnxRuntime = typeof ort;

async function onnxRuntimeWeb(build: "wasm" | "webgpu"): Promise<OnnxRuntime> {
  try {
    // The two builds have the same interface; only the WebGPU build has that provider.
    return build === "webgpu" ? await import("onnxruntime-web/webgpu") : await import("onnxruntime-web/wasm");
  } catch (cause) {
    throw new DeviceError(
      "device: the package onnxruntime-web cannot be loaded, expected it beside latentkit; install it with: npm install onnxruntime-web",
      { cause },
    );
  }
}

const options: InferenceSession.SessionOptions = { graphOptimizationLevel: "all", logSeverityLevel: 3 };

/**
 * Sessions that copy outputs into preallocated arrays: onnxruntime-web 1.30 accepts a preallocated CPU output, returns it and does not write to
 * it.
 */
function copyingOut(session: InferenceSession): Session {
  return {
    async run(feeds, fetches) {
      const made = await session.run(feeds, Object.keys(fetches));
      const outputs = Object.entries(fetches).map(([name, given]) => {
        const output = made[name]!;
        // Both arrays are of the same type, which the union does not express.
        if (given) (hostArray(given) as Float32Array).set(hostArray(output) as Float32Array);
        return [name, given ?? output] as const;
      });
      return Object.fromEntries(outputs);
    },
    release: () => session.release(),
  };
}

/** ONNX Runtime's WebAssembly kernels: any browser, and Node without native code. More than one thread needs cross-origin isolation. */
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
    load: async (model) =>
      copyingOut(await ort.InferenceSession.create(model.bytes, { ...options, executionProviders: ["wasm"] })),
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
      ort.InferenceSession.create(model.bytes, {
        ...options,
        executionProviders: ["webgpu"],
        preferredOutputLocation: Object.fromEntries(resident.map((name) => [name, "gpu-buffer" as const])),
      }),
  };
}
