import { nodeWebgpuDevice } from "../../src/runtime/node.ts";
import { trainRegression } from "./mlp-regression.ts";
import { fewOptimizerCases } from "./optimizer-cases.ts";
import { disagreements } from "./run-optimizer.ts";

// First line: a training run. Then, for each optimizer, its name and where it disagrees with the paper's rule.
const device = await nodeWebgpuDevice();
process.stdout.write(`${JSON.stringify(await trainRegression(device))}\n`);
for (const optimizerCase of fewOptimizerCases)
  process.stdout.write(`${JSON.stringify([optimizerCase.name, await disagreements(device, optimizerCase)])}\n`);
