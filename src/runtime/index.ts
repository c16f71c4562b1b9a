/**
 * Devices of any JavaScript runtime, and graphs compiled for them; Node's own devices are in `latentkit/node`.
 *
 * @module latentkit/runtime
 */
export { compute } from "./compute.ts";
export type { Device, DeviceName, Session } from "./device.ts";
export type { HostArray } from "./host-array.ts";
export { Program, type ProgramSpec, type RunOptions } from "./program.ts";
export { createVariables, type VariableStore } from "./variables.ts";
export { browserWebgpuDevice, wasmDevice } from "./web.ts";
