import { openGeneratedSource } from "../data/generators/generated-sources.ts";
import { ConfigError, DeviceError } from "../errors.ts";
import { extractorOpener } from "../evaluation/extractors/extractor-opener.ts";
import { findModel } from "../models/registry.ts";
import { withComposedData } from "../runs/codes/with-composed-data.ts";
import type { PickedDevice, Platform } from "../runs/platform.ts";
import { memoryStores } from "../runs/storage/memory-store.ts";
import { noTrackers } from "../runs/tracking/tracking.ts";
import type { DeviceName } from "../runtime/device.ts";
import { browserWebgpuDevice, wasmDevice } from "../runtime/web.ts";

/**
 * Runs in a page: kept in memory as long as the platform is, on generated data (digits, sprites, toys) or codes of its runs, computed by WebAssembly or WebGPU.
 * Spread it to replace a part, such as `openData` by data of one's own.
 *
 * @example
 * const platform = browserPlatform();
 * const run = await train(vae({ latentDim: 2 }), "digits:500", { epochs: 2 }, platform);
 * const images = await run.sample(16, { mean: true }); // [16, 1, 28, 28]
 */
export function browserPlatform(): Platform {
  const evaluationDevice = (): Promise<PickedDevice["device"]> => wasmDevice();
  return withComposedData({
    versions: { browser: navigator.userAgent.slice(0, 1000) },
    openStore: memoryStores(),
    findModel: async ({ model }) => findModel(model),
    openData: openGeneratedSource,
    pickDevice: pickBrowserDevice,
    evaluationDevice,
    openExtractor: extractorOpener({ device: evaluationDevice }),
    trackers: noTrackers,
  });
}

/**
 * A device of the page by name: `auto` takes WebAssembly. `threads` is of WebAssembly, 0 for one per core; ONNX Runtime keeps the number
 * that a page's first one has. Throws ConfigError for threads without cross-origin isolation, DeviceError for a device of Node's.
 */
export async function pickBrowserDevice(name: DeviceName = "auto", threads = 0): Promise<PickedDevice> {
  if (name === "webgpu") return { device: await browserWebgpuDevice() };
  if (name !== "auto" && name !== "wasm")
    throw new DeviceError(`device: not available in a browser, got ${name}, expected wasm or webgpu`);
  const most = crossOriginIsolated ? navigator.hardwareConcurrency : 1;
  if (!Number.isSafeInteger(threads) || threads < 0 || threads > most)
    throw new ConfigError(
      `threads: not a number for this page, got ${threads}, expected an integer from 0 (all) to ${most}${crossOriginIsolated ? "" : "; more need cross-origin isolation"}`,
    );
  const device = await wasmDevice(threads === 0 ? most : threads);
  return name === "auto" ? { device, reason: "every browser has it" } : { device };
}
