import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { LatentkitError } from "../../errors.ts";
import { Input } from "../../graph/tensor.ts";
import { value } from "../../graph/value.ts";
import { matmul } from "../../ops/linalg.ts";
import { fillUniform, streamKey } from "../../random/index.ts";
import { compute } from "../../runtime/compute.ts";
import type { DeviceName } from "../../runtime/device.ts";
import { wasmDevice } from "../../runtime/web.ts";
import { pickDevice, remedies } from "./pick-device.ts";
import { cudaLibrary, onnxRuntimeNodePath, probeProvider } from "./probe-device.ts";
import { version } from "../../version.ts";

/** What this machine offers to train on. */
export interface MachineReport {
  readonly latentkit: string;
  readonly node: string;
  readonly platform: string;
  readonly cpu: { readonly model: string; readonly threads: number };
  readonly memory: { readonly totalBytes: number; readonly freeBytes: number };
  /** Whether WebAssembly runs SIMD instructions, which optimizer and noise are made of. */
  readonly wasmSimd: boolean;
  readonly devices: readonly DeviceReport[];
  /** What --device auto takes, and why; or why there is nothing to take. */
  readonly auto:
    | {
        readonly device: string;
        readonly description: string;
        readonly onnxruntime: string;
        readonly reason: string;
        /** How to get a faster one, where it is missed. */
        readonly remedy?: string;
      }
    | { readonly problem: string };
}

export interface DeviceReport {
  readonly name: Exclude<DeviceName, "auto">;
  /** Whether a product of two matrices came out right on it, just now. */
  readonly works: boolean;
  /** What went wrong, and how to get it. */
  readonly problem?: string;
  readonly remedy?: string;
}

/** Looks at the machine and multiplies two matrices on every device. */
export async function examineMachine(): Promise<MachineReport> {
  const devices = await Promise.all(
    (["cpu", "webgpu", "cuda", "wasm"] as const).map(async (name): Promise<DeviceReport> => {
      const problem = await problemOf(name);
      if (problem === undefined) return { name, works: true };
      // Every provider but WebAssembly comes with that package.
      const needed = name !== "wasm" && onnxRuntimeNodePath() === undefined ? "cpu" : name;
      return { name, works: false, problem, remedy: remedies[needed] };
    }),
  );
  return {
    latentkit: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: { model: cpus()[0]?.model.trim() ?? "unknown", threads: availableParallelism() },
    memory: { totalBytes: totalmem(), freeBytes: freemem() },
    wasmSimd: hasWasmSimd(),
    devices,
    auto: await automatic(),
  };
}

async function automatic(): Promise<MachineReport["auto"]> {
  try {
    const { device, reason = "", remedy } = await pickDevice();
    const { name, description, version: onnxruntime } = device;
    return { device: name, description, onnxruntime, reason, ...(remedy !== undefined && { remedy }) };
  } catch (error) {
    if (error instanceof LatentkitError) return { problem: error.message };
    throw error;
  }
}

async function problemOf(name: DeviceReport["name"]): Promise<string | undefined> {
  if (name === "cuda" && onnxRuntimeNodePath() !== undefined && !cudaLibrary().exists)
    return `no ${cudaLibrary().path}`;
  return name === "wasm" ? wasmProblem() : probeProvider(name);
}

async function wasmProblem(): Promise<string | undefined> {
  const x = new Input("x", [2, 2]);
  try {
    const leaves = new Map([[x, value("float32", [2, 2], [1, 2, 3, 4])]]);
    const [product] = await compute(await wasmDevice(), [matmul(x, x)], leaves);
    return product?.data.join() === "7,10,15,22" ? undefined : `a wrong product, ${product?.data.join()}`;
  } catch (error) {
    // What is expected and how to get it is said beside.
    if (error instanceof LatentkitError) return error.message.replace(/^device: |, expected .*$/g, "");
    throw error;
  }
}

function hasWasmSimd(): boolean {
  try {
    fillUniform(new Float32Array(1), streamKey(0, "doctor"));
    return true;
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return false;
    throw error;
  }
}
