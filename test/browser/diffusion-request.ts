/** A diffusion model that is trained and sampled in a page and outside of it. */
import type { TrainedRun } from "../../src/runs/trained-run.ts";
import { findModel } from "../../src/models/registry.ts";
import type { RunRequest } from "../../src/runs/start-run.ts";

/** A U-Net of digits, after so few steps that its weights are nearly the same on every device. */
export const diffusionRequest = (channels: readonly number[]): RunRequest => ({
  definition: findModel("diffusion"),
  config: { channels },
  settings: { batchSize: 16, steps: 3, device: "auto", threads: 1 },
  data: "digits:100",
  binarize: "auto",
  seed: 3,
});

/** Samples, and how long they took once everything was compiled. */
export interface SamplesInPage {
  readonly seconds: number;
  readonly images: readonly number[];
}

/** Samples by 20 steps of Heun's method. */
export async function sampledBy(
  trained: Pick<TrainedRun, "sample">,
  count: number,
): Promise<{ readonly seconds: number; readonly images: Float32Array }> {
  await trained.sample(count, { seed: 1, solver: "heun", steps: 2 });
  const start = performance.now();
  const images = await trained.sample(count, { seed: 1, solver: "heun", steps: 20 });
  return { seconds: (performance.now() - start) / 1000, images };
}
