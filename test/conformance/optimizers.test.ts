import { beforeAll, describe, expect, test } from "vitest";
import type { Device } from "../../src/runtime/device.ts";
import { cpuDevice } from "../../src/runtime/node.ts";
import { optimizerCases } from "./optimizer-cases.ts";
import { disagreements } from "./run-optimizer.ts";

// The second lowering is a GPU's; here the CPU's kernels run it, so that it is held on every machine.
describe.each([
  ["one WebAssembly pass over host memory", "host"],
  ["nodes of the step's graph", "device"],
] as const)("optimizers as %s", (_, residency) => {
  let device: Device;
  beforeAll(async () => {
    device = { ...(await cpuDevice(1)), residency };
  });
  test.each(optimizerCases)("$name", async (optimizerCase) => {
    expect(await disagreements(device, optimizerCase)).toEqual([]);
  });
});
