import type { RunSpec } from "./run-spec.ts";
import type { Batches } from "../data/batches.ts";
import type { Binarization } from "../data/binarize.ts";
import type { DataSource } from "../data/split.ts";
import { DivergedError } from "../errors.ts";
import type { ModelDefinition, Remedies } from "../models/definition.ts";
import type { Model } from "../models/model.ts";
import type { Rewind } from "../training/checkpoint.ts";
import { type Best, betterOf, epochsOfPatience, outOfPatience } from "../training/early-stopping.ts";
import { completesMultiple, isReviewed } from "../training/validation-schedule.ts";
import { fit } from "../training/fit.ts";
import type { TrainingSettings } from "../training/settings.ts";
import { solve } from "../training/solve.ts";
import {
  checkpointVariables,
  firstNonFinite,
  readTensors,
  tensorSpecs,
  writeTensors,
} from "../training/state-tensors.ts";
import type { TrainingStep } from "../training/step.ts";
import { TrainedModel } from "../evaluation/trained-model.ts";
import type { Chosen } from "../training/with-presets.ts";
import type { PickedDevice, Platform } from "./platform.ts";
import type { Run } from "./run.ts";
import { readRunMetrics, type RunMetrics } from "./run-metrics.ts";
import { runFindings } from "./findings.ts";
import type { OpenSelection } from "./selection/select-by.ts";
import { diverged, Validator } from "./selection/validator.ts";
import { tracked } from "./tracking/tracking.ts";
import type { TrainingEvent } from "./training-event.ts";
import { filmed } from "./pictures/film.ts";
import { writeEpochPictures } from "./pictures/training-pictures.ts";
import { version } from "../version.ts";

export type { TrainingEvent } from "./training-event.ts";

export interface TrainingRunParts {
  readonly run: Run;
  readonly source: DataSource;
  readonly model: Model;
  readonly picked: PickedDevice;
  readonly platform: Platform;
  readonly step: TrainingStep;
  readonly batches: Batches;
  readonly binarize: Binarization;
  readonly settings: TrainingSettings;
  /** What distances of samples are measured with, where the settings select by one. */
  readonly selection: OpenSelection | undefined;
  /** What is to be said before training. */
  readonly warnings: readonly string[];
  /** See TrackedRun. */
  readonly addressGiven: boolean;
  readonly seed: number;
  readonly presets: Chosen["presets"];
  readonly definition: ModelDefinition;
  readonly remedies: Remedies;
  /** Steps of the whole run, and those already done. */
  readonly steps: number;
  readonly from: number;
  readonly best: Best | null;
  /** Seconds of training behind `from`. */
  readonly seconds: number;
  /** What the step's learning rate reads; a rewind adds to it. */
  readonly rewinds: Rewind[];
}

/** A run, its data and its compiled step, ready to train. */
export class TrainingRun {
  readonly run: Run;
  readonly source: DataSource;
  readonly picked: PickedDevice;
  readonly definition: ModelDefinition;
  readonly steps: number;
  readonly from: number;
  readonly stepsPerEpoch: number;
  /** Presets chosen for the data; none where a run is resumed. */
  readonly presets: Chosen["presets"];
  /** The model with its current weights, EMA weights where the run keeps them. */
  readonly trained: TrainedModel;
  readonly #parts: TrainingRunParts;
  readonly #validator: Validator;
  #best: Best | null;
  #startMs = 0;

  constructor(parts: TrainingRunParts) {
    const { run, source, steps, from, batches, model, step } = parts;
    this.#parts = parts;
    this.run = run;
    this.source = source;
    this.picked = parts.picked;
    this.definition = parts.definition;
    this.steps = steps;
    this.from = from;
    this.stepsPerEpoch = batches.batchesPerEpoch / step.batchesPerStep;
    this.presets = parts.presets;
    this.#best = parts.best;
    const { shape } = source.train.dataset;
    this.trained = new TrainedModel(model, {
      store: step.store,
      shape,
      kind: run.info.data.kind,
      columns: run.info.data.columns,
      emaWeights: step.emaWeights(),
    });
    this.#validator = new Validator(this.trained, parts);
  }

  /**
   * Trains to the end: validates after each epoch, or every few short ones, saves checkpoints, and evaluates the test split. An
   * aborted `signal` lets the step finish, saves a checkpoint and ends with `interrupted`. At the first metric that is not finite
   * training is rewound to the last checkpoint at half the learning rate; at the second it throws DivergedError. No
   * checkpoint ever holds such weights.
   */
  async *train(signal?: AbortSignal): AsyncGenerator<TrainingEvent> {
    const { platform, settings, addressGiven, warnings } = this.#parts;
    const { run, from } = this;
    for (const message of warnings) yield { kind: "warning", step: from, message };
    yield* tracked(this.#events(signal), await platform.trackers.open({ run, from, addressGiven }, settings));
  }

  async *#events(signal?: AbortSignal): AsyncGenerator<TrainingEvent> {
    this.#startMs = performance.now();
    let { from } = this;
    for (;;)
      try {
        return yield* this.#train(from, signal);
      } catch (error) {
        if (!(error instanceof DivergedError)) throw error;
        const last = (await this.run.checkpointSteps()).at(-1);
        const { rewinds, model } = this.#parts;
        if (rewinds.length > 0 || model.solve) {
          const before = rewinds.length > 0 ? "; as before the rewind, at twice the learning rate" : "";
          const kept = last === undefined ? "no checkpoint was saved before" : `the checkpoint of step ${last} is kept`;
          throw new DivergedError(error.step, error.metric, error.value, `${error.message}${before}; ${kept}`);
        }
        from = last ?? 0;
        await this.#rewind({ from: error.step, to: from, metric: error.metric });
        yield { kind: "rewind", step: error.step, to: from, metric: error.metric, message: error.message };
      }
  }

  /** Puts the checkpoint of a step in place, or the initial weights for step 0, and drops later records. */
  async #rewind(rewind: Rewind): Promise<void> {
    const { step, seed, rewinds } = this.#parts;
    await this.run.rewind(rewind.to);
    if (rewind.to === 0) {
      await step.initialize(seed);
      this.#best = null;
    } else {
      const held = checkpointVariables(step);
      const { weights, optimizer, state } = await this.run.loadCheckpoint();
      await writeTensors(step.store, held.weights, weights);
      await writeTensors(step.store, held.optimizer, optimizer);
      this.#best = state.best;
    }
    rewinds.push(rewind);
  }

  async *#train(from: number, signal?: AbortSignal): AsyncGenerator<TrainingEvent> {
    const { run, steps, stepsPerEpoch } = this;
    const { model, step, batches, binarize, seed, settings } = this.#parts;
    const { validateEvery, picturesEvery } = settings;
    const patience = epochsOfPatience(settings.patience, {
      steps,
      stepsPerEpoch,
      validateEvery,
      bySamples: this.#parts.selection !== undefined,
    });
    const epochsAt = (n: number): number => batches.cursorAt(n * step.batchesPerStep).epoch;
    const completes = (every: number, n: number): boolean =>
      completesMultiple(every, { before: epochsAt(n - 1), after: epochsAt(n) });
    const outOfTime = (n: number): boolean =>
      outOfPatience(patience, { best: this.#best, step: n, epochsAt, validateEvery });
    let end = outOfTime(from) ? from : steps;
    const events = model.solve
      ? solve(model, { store: step.store, split: this.source.train, binarize, from })
      : fit({ step, batches, seed, steps: end, from });
    for await (const event of events) {
      run.checkLock();
      const { epochEnds, ...rest } = event;
      const { step: n, epoch } = rest;
      if (event.metrics) await run.appendMetrics({ step: n, epoch, split: "train", metrics: event.metrics });
      yield { kind: "step", ...rest };
      const last = n === steps;
      const reviews = epochEnds && isReviewed(epoch, { stepsPerEpoch, patience: settings.patience });
      const validates = validateEvery === undefined ? reviews : completes(validateEvery, n);
      if (this.#validator.validates && (validates || last)) {
        const results = await this.#validator.validation(n);
        await run.appendMetrics({ step: n, epoch, split: "validation", metrics: results });
        yield { kind: "validation", step: n, epoch, metrics: results };
        this.#best = betterOf(this.#best, n, results);
      }
      const stops = epochEnds && !last && outOfTime(n);
      const due = settings.checkpointEvery ? n % settings.checkpointEvery === 0 : reviews;
      if (due || last || stops || this.#best?.step === n || signal?.aborted) {
        await this.#save(n);
        yield { kind: "checkpoint", step: n, epoch };
      }
      if (picturesEvery && completes(picturesEvery, n)) {
        const files = await writeEpochPictures(this, epochsAt(n));
        yield { kind: "pictures", step: n, epoch: epochsAt(n), files };
      }
      if (stops) {
        yield { kind: "stopped", step: n, epoch, best: this.#best! };
        end = n;
        break;
      }
      if (signal?.aborted && !last) {
        yield { kind: "interrupted", step: n };
        return;
      }
    }
    yield* filmed(run, { step: end, epoch: epochsAt(end) });
    const weights = await this.#bestWeights(end);
    const metrics = await this.#finalMetrics(end, weights);
    const { rewinds } = this.#parts;
    const findings = await runFindings({
      run,
      trained: this.trained,
      binarize,
      rewinds,
      validation: this.source.validation,
      remedies: this.#parts.remedies,
      ema: this.#parts.settings.ema,
    });
    const seconds = end === from ? this.#parts.seconds : this.#seconds;
    await run.amendInfo({ result: { step: end, weights, seconds, best: this.#best, findings } });
    yield { kind: "done", step: end, metrics, best: this.#best, findings, weights };
  }

  /** Time spent training so far, in earlier processes too. */
  get #seconds(): number {
    return Math.round(10 * this.#parts.seconds + (performance.now() - this.#startMs) / 100) / 10;
  }

  /** How it is trained. */
  get spec(): RunSpec {
    const { definition, remedies, settings, seed } = this.#parts;
    return { definition, remedies, settings, seed, config: this.run.info.config };
  }

  async close(): Promise<void> {
    await this.#validator.release();
    await this.trained.release({ weights: false });
    await this.#parts.step.release();
    await this.run.close();
  }

  /** Puts the best checkpoint's weights in place, unless the last are asked for. Returns the steps behind the weights. */
  async #bestWeights(end: number): Promise<number> {
    const { step, settings } = this.#parts;
    if (settings.patience === 0 || !this.#best || this.#best.step === end) return end;
    const held = checkpointVariables(step);
    const { weights } = await this.run.loadWeights({ step: this.#best.step, weights: () => tensorSpecs(held.weights) });
    await writeTensors(step.store, held.weights, weights);
    return this.#best.step;
  }

  async #save(n: number): Promise<void> {
    const { step, seed, batches } = this.#parts;
    const held = checkpointVariables(step);
    const weights = await readTensors(step.store, held.weights);
    const optimizer = await readTensors(step.store, held.optimizer);
    const bad = firstNonFinite(weights) ?? firstNonFinite(optimizer);
    if (bad !== undefined) throw diverged(n, bad, Number.NaN);

    const cursor = batches.cursorAt(n * step.batchesPerStep);
    await this.run.saveCheckpoint({
      weights,
      optimizer,
      state: {
        latentkit: version,
        step: n,
        epoch: cursor.epoch,
        seed,
        cursor: { ...cursor },
        ema: [...step.variables].flatMap(([name, v]) => (this.trained.emaWeights.has(v) ? [name] : [])),
        best: this.#best,
        seconds: this.#seconds,
        ...(this.#parts.rewinds.length > 0 && { rewinds: this.#parts.rewinds }),
      },
    });
  }

  async #finalMetrics(end: number, weights: number): Promise<RunMetrics> {
    const { run, stepsPerEpoch } = this;
    const metrics = await readRunMetrics(run, { end, weights, stepsPerEpoch });
    if (Object.keys(metrics.test).length > 0) return metrics;
    const test = await this.#validator.test(weights);
    if (Object.keys(test).length === 0) return metrics;
    await run.appendMetrics({ step: end, epoch: Math.ceil(end / stepsPerEpoch), split: "test", metrics: test });
    return { ...metrics, test };
  }
}
