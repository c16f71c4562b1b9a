import { nodeWebgpuDevice } from "../../src/runtime/node.ts";
import { everyCase, runOnDevice } from "./run.ts";

// A program of its own, since a crash of a GPU driver ends the process: one line of JSON for each group of cases.
const device = await nodeWebgpuDevice();
const built = everyCase(1);
const groupSize = 48;
for (let i = 0; i < built.length; i += groupSize) {
  const outcomes = await runOnDevice(device, built.slice(i, i + groupSize), groupSize);
  process.stdout.write(`${JSON.stringify([...outcomes])}\n`);
}
