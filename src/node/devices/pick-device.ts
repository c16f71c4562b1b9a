import { cpus } from "node:os";
import { ConfigError, DeviceError } from "../../errors.ts";
import { nearestName } from "../../nearest-name.ts";
import type { PickedDevice } from "../../runs/platform.ts";
import { type Device, type DeviceName, deviceNames } from "../../runtime/device.ts";
import { cpuDevice, cudaDevice, installation, nodeWebgpuDevice } from "../../runtime/node.ts";
import { wasmDevice } from "../../runtime/web.ts";
import { cudaLibrary, notInstalled, onnxRuntimeNodePath, probeProvider } from "./probe-device.ts";

/** How to get what a device needs. */
export const remedies = {
  cpu: installation,
  wasm: "install it with: npm install onnxruntime-web",
  webgpu: "install a driver for Vulkan, Metal or Direct3D 12",
  cuda: "on Linux x64 with an NVIDIA GPU and CUDA's libraries, fetch it with: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node --ignore-scripts=false",
} as const;

/**
 * A device by name. `auto` takes CUDA where its library lies beside onnxruntime-node and works, else the CPU, else WebAssembly.
 * Throws DeviceError naming what is missing and how to get it. `threads`: of the CPU; 0 for one per core.
 *
 * @example
 * const { device, reason } = await pickDevice("auto");
 * console.log(device.name, reason);
 */
export async function pickDevice(name: DeviceName = "auto", threads = 0): Promise<PickedDevice> {
  // ONNX Runtime's threads wait by spinning: with more of them than processors a step takes many times as long.
  const most = cpus().length || 1024;
  if (!Number.isSafeInteger(threads) || threads < 0 || threads > most)
    throw new ConfigError(
      `--threads: not a number for this machine, got ${threads}, expected an integer from 0 (all) to ${most}`,
    );
  switch (name) {
    case "cpu":
      return { device: await cpuDevice(threads) };
    case "wasm":
      return { device: await singleThreadWasm(threads) };
    case "webgpu": {
      const problem = await probeProvider("webgpu");
      if (problem !== undefined)
        throw new DeviceError(
          `device: webgpu is not available, got ${problem}, expected a GPU adapter; ${remedies.webgpu}`,
        );
      return { device: await nodeWebgpuDevice() };
    }
    case "cuda":
      return { device: await workingCuda() };
    case "auto":
      return pickAutomatically(threads);
  }
}

/** Checks a device's name that came from outside; throws ConfigError. */
export function parseDeviceName(name: string): DeviceName {
  const known = deviceNames.find((device) => device === name);
  if (known) return known;
  const nearest = nearestName(name, deviceNames);
  throw new ConfigError(
    `--device: unknown device, got "${name}", expected one of ${deviceNames.join(", ")}${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}

async function pickAutomatically(threads: number): Promise<PickedDevice> {
  const cudaProblem = cudaLibrary().exists ? await probeProvider("cuda") : "its library is not installed";
  if (cudaProblem === undefined) return { device: await cudaDevice(), reason: "CUDA works here" };
  if (onnxRuntimeNodePath() !== undefined)
    return { device: await cpuDevice(threads), reason: `no CUDA: ${cudaProblem}` };
  try {
    return { device: await singleThreadWasm(threads), reason: notInstalled, remedy: remedies.cpu };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    throw new DeviceError(
      `device: there is none, got neither onnxruntime-node, which npm leaves out where its install script cannot download, nor onnxruntime-web, expected one of them; ${remedies.cpu}`,
      { cause: error },
    );
  }
}

/** onnxruntime-web 1.30 starts its workers by fetching a file URL, which Node refuses. */
async function singleThreadWasm(threads: number): Promise<Device> {
  if (threads > 1)
    throw new ConfigError(`--threads: wasm has one thread in Node, got ${threads}, expected 0 or 1; or --device cpu`);
  return wasmDevice();
}

async function workingCuda(): Promise<Device> {
  const { path, exists } = cudaLibrary();
  if (!exists)
    throw new DeviceError(`device: cuda is not available, got no ${path}, expected CUDA's library; ${remedies.cuda}`);
  const problem = await probeProvider("cuda");
  if (problem !== undefined)
    throw new DeviceError(`device: cuda does not work, got ${problem}, expected a GPU; ${remedies.cuda}`);
  return cudaDevice();
}
