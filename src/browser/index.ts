/**
 * Latentkit's browser side: runs of `latentkit/runs` in a page.
 *
 * @module latentkit/browser
 */
export { browserWebgpuDevice, wasmDevice } from "../runtime/web.ts";
export { browserPlatform, pickBrowserDevice } from "./platform.ts";
