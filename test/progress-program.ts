/** Reports `process.argv[2]` steps of 20 ms each, for tests in a terminal. */
import { setTimeout } from "node:timers/promises";
import { Progress } from "../src/cli/output/progress.ts";

const totalSteps = Number(process.argv[2]);
const progress = new Progress({ totalSteps, json: process.argv.includes("--json") });
for (let step = 1; step <= totalSteps; step++) {
  await setTimeout(20);
  progress.step({ step, epoch: 1, metrics: { negElbo: 100 / step, rate: step, distortion: 1 / step } });
}
progress.finish();
