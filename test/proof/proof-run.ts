import type { ModelDefinition } from "../../src/models/definition.ts";
import { findModel } from "../../src/models/registry.ts";
import { nodePlatform } from "../../src/node/platform.ts";
import { cpuDevice } from "../../src/runtime/node.ts";
import { type LoadedRun, loadRun } from "../../src/runs/load-run.ts";
import { withComposedData } from "../../src/runs/codes/with-composed-data.ts";
import { memoryStores } from "../../src/runs/storage/memory-store.ts";
import type { Platform } from "../../src/runs/platform.ts";
import { startRun } from "../../src/runs/start-run.ts";
import { noTrackers } from "../../src/runs/tracking/tracking.ts";
import type { TrainingEvent } from "../../src/runs/training-event.ts";
import { follow } from "../follow-training.ts";
import { autoregressive } from "./autoregressive.ts";
import { ddpm } from "./ddpm.ts";
import { hierarchy } from "./hierarchy.ts";
import { positionFrequencies } from "./position-frequencies.ts";
import { realNVP } from "./real-nvp.ts";
import { vq } from "./vq.ts";
import { wganGP } from "./wgan-gp.ts";

/** Models that prove the contract: one file and this line each, and nothing else knows of them. */
export const proofs: readonly ModelDefinition[] = [wganGP, vq, realNVP, hierarchy, ddpm, autoregressive];

/** Runs in memory, of models of the registry and of these. */
export const proofPlatform: Platform = withComposedData({
  ...nodePlatform,
  openStore: memoryStores(),
  trackers: noTrackers,
  findModel: async ({ model }) =>
    [...proofs, positionFrequencies].find(({ name }) => name === model) ?? findModel(model),
});

/** Trains on one thread in memory, and loads what was trained. */
export async function proofRun(
  definition: ModelDefinition,
  options: {
    readonly data: string;
    readonly out: string;
    readonly config?: object;
    readonly settings?: object;
    readonly source?: Parameters<typeof startRun>[1]["source"];
  },
): Promise<LoadedRun & { readonly events: readonly TrainingEvent[] }> {
  const { data, out, config = {}, settings = {}, source } = options;
  const training = await startRun(
    {
      definition,
      config,
      settings: { device: "cpu", threads: 1, ...settings },
      data,
      binarize: "none",
      seed: 0,
    },
    { out, ...(source && { source }) },
    proofPlatform,
  );
  const events = await follow(training);
  return { ...(await loadRun(out, await cpuDevice(1), proofPlatform)), events };
}
