import type { Batches } from "../data/batches.ts";
import { DivergedError } from "../errors.ts";
import type { TrainingStep } from "./step.ts";

export interface FitOptions {
  readonly step: TrainingStep;
  readonly batches: Batches;
  readonly seed: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Steps already done; training goes on with the next one. */
  readonly from?: number;
  /**
   * Losses and metrics are computed in the first step and in every `metricsEvery`-th. A function of the step alone, so that
   * a resumed run computes the same graphs in the same steps.
   */
  readonly metricsEvery?: number;
}

export interface FitEvent {
  /** Steps done, from 1. */
  readonly step: number;
  /** Epochs begun: `epochs - 1` complete ones lie behind. */
  readonly epoch: number;
  /** The last step of its epoch. */
  readonly epochEnds: boolean;
  /** Present in the steps that compute them; means over the step's batch. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/**
 * The training loop: yields after every step. Stop by leaving the loop; progress, checkpoints and pictures are readers of
 * its events. What a step does is a pure function of (state, seed, step), so going on from a checkpoint repeats nothing
 * and skips nothing. Throws DivergedError at the first metric that is not finite.
 */
export async function* fit({
  step,
  batches,
  seed,
  steps,
  from = 0,
  metricsEvery = 20,
}: FitOptions): AsyncGenerator<FitEvent> {
  const x = new Float32Array(batches.batchSize * batches.exampleSize);
  const label = batches.labelled ? new BigInt64Array(batches.batchSize) : undefined;
  for (let n = from + 1; n <= steps; n++) {
    const cursor = batches.cursorAt(n - 1);
    batches.fillExamples(x, cursor);
    if (label) batches.fillLabels(label, cursor);
    const wanted = n === 1 || n % metricsEvery === 0;
    const inputs = { x, step: Float32Array.of(n), ...(label && { label }) };
    const metrics = await step.run({ inputs, seed, step: n, metrics: wanted });
    if (wanted) refuseNonFinite(n, metrics, metricsEvery);
    const event = { step: n, epoch: cursor.epoch + 1, epochEnds: cursor.index + 1 === batches.batchesPerEpoch };
    yield wanted ? { ...event, metrics } : event;
  }
}

function refuseNonFinite(step: number, metrics: Readonly<Record<string, number>>, every: number): void {
  for (const [name, v] of Object.entries(metrics))
    if (!Number.isFinite(v))
      throw new DivergedError(
        step,
        name,
        v,
        `train: ${name} is not finite at step ${step} (looked at every ${every} steps), got ${v}, expected a number; ` +
          "try a lower --learning-rate, or --clip-norm 1",
      );
}
