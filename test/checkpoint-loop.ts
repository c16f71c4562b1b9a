/**
 * Saves checkpoints of run `process.argv[2]` until it is killed. Every tensor of step n holds only the number n, and
 * metrics name each step, so a mixture of two steps is seen.
 */
import { Run } from "../src/runs/run.ts";
import { FileStore } from "../src/node/files/file-store.ts";
import type { SafetensorsTensor } from "../src/serialization/safetensors.ts";

const run = await Run.resume(new FileStore(process.argv[2] ?? ""));
const steps = await run.checkpointSteps();
await run.rewind(steps.at(-1) ?? 0);
console.log("writing");
for (let step = (steps.at(-1) ?? 0) + 1; ; step++) {
  const tensor: SafetensorsTensor = { dtype: "F32", shape: [50_000], data: new Float32Array(50_000).fill(step) };
  await run.appendMetrics({ step, epoch: 1, split: "train", metrics: { loss: step } });
  await run.saveCheckpoint({
    weights: new Map([["weight", tensor]]),
    optimizer: new Map([["weight/moment1", tensor]]),
    state: { latentkit: "0.1.0", step, epoch: 0, seed: 0, cursor: { step }, ema: [], best: null },
  });
}
