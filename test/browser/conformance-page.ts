import { browserWebgpuDevice, wasmDevice } from "../../src/runtime/web.ts";
import { everyCase, type Outcome, runOnDevice } from "../conformance/run.ts";

// What the test calls in the page.
const devices = { wasm: () => wasmDevice(2), webgpu: browserWebgpuDevice };
async function conformance(name: keyof typeof devices): Promise<readonly (readonly [string, Outcome])[]> {
  return [...(await runOnDevice(await devices[name](), everyCase(1), 48))];
}
Object.assign(globalThis, { conformance });
