import type { Batches } from "../data/batches.ts";
import { DivergedError } from "../errors.ts";
import { batchInputs } from "./batch-inputs.ts";
import type { TrainingStep } from "./step.ts";

export interface FitOptions {
  readonly step: TrainingStep;
  readonly batches: Batches;
  readonly seed: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Steps already done; training resumes with the next one. */
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
  /** Epochs begun, `epochs - 1` of them complete. */
  readonly epoch: number;
  /** The last step of its epoch. */
  readonly epochEnds: boolean;
  /** Present in the steps that compute them; means over the step's batch. */
  readonly metrics?: Readonly<Record<string, number>>;
}

/**
 * The training loop: yields after every step. Stop by leaving the loop; progress, checkpoints and pictures are readers of
 * its events. What a step does is a pure function of (state, seed, step), so resuming from a checkpoint repeats nothing
 * and skips nothing. Throws DivergedError at the first metric that is not finite.
 *
 * @example
 * const { train: examples } = await toySource({ name: "moons", size: 500 });
 * const model = vae.build(vae.config.parse({ likelihood: "gaussian-learned" }), dataSpec([2], { range: null }));
 * const [device, optimizer] = [await cpuDevice(), sgd({ learningRate: 1e-3 })];
 * const step = compileStep(model, { device, shape: [2], batchSize: 50, optimizer });
 * await step.initialize(0);
 * const batches = new Batches(examples, { batchSize: 50, purpose: "training" });
 * for await (const { metrics } of fit({ step, batches, seed: 0, steps: 10 })) if (metrics) console.log(metrics);
 * await step.release();
 */
export async function* fit({
  step,
  batches,
  seed,
  steps,
  from = 0,
  metricsEvery = 20,
}: FitOptions): AsyncGenerator<FitEvent> {
  const perStep = step.batchesPerStep;
  const arrays = batches.allocate(perStep);
  for (let n = from + 1; n <= steps; n++) {
    for (let k = 0; k < perStep; k++) batches.fill(arrays, batches.cursorAt((n - 1) * perStep + k), k);
    const wanted = n === 1 || n % metricsEvery === 0;
    const inputs = { ...batchInputs(arrays), step: Float32Array.of(n) };
    const metrics = await step.run({ inputs, seed, step: n, metrics: wanted });
    if (wanted) refuseNonFinite(n, metrics, { every: metricsEvery, x: arrays.x });
    const { epoch } = batches.cursorAt(n * perStep - 1);
    const event = { step: n, epoch: epoch + 1, epochEnds: epochEnds(batches, n, perStep) };
    yield wanted ? { ...event, metrics } : event;
  }
}

/** Whether the next step begins in another epoch than this one began in. */
const epochEnds = (batches: Batches, step: number, perStep: number): boolean =>
  batches.cursorAt(step * perStep).epoch > batches.cursorAt((step - 1) * perStep).epoch;

function refuseNonFinite(
  step: number,
  metrics: Readonly<Record<string, number>>,
  { every, x }: { readonly every: number; readonly x: Float32Array },
): void {
  for (const [name, v] of Object.entries(metrics))
    if (!Number.isFinite(v))
      throw new DivergedError(
        step,
        name,
        v,
        `train: ${name} is not finite at step ${step} (looked at every ${every} steps), got ${v}, expected a number; ` +
          ((step === 1 && scaleProblem(x)) || "try a lower --learning-rate, or --clip-norm 1"),
      );
}

/** Inputs beyond this magnitude are far from what networks are initialized for. */
const usualInputs = 100;

/** What is wrong with the scale of inputs, where it is likely why the first loss is not finite. */
function scaleProblem(x: Float32Array): string | undefined {
  let [low, high] = [Infinity, -Infinity];
  for (const value of x) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (Math.max(-low, high) <= usualInputs) return undefined;
  return `the data's values reach from ${low.toPrecision(3)} to ${high.toPrecision(3)}, which is the likely cause: scale them to about 1 (files of arrays and tables are standardized as they are read)`;
}
