import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { adam, adamax, adamW } from "../optim/adam.ts";
import type { Objective } from "../models/model.ts";
import type { LearningRate, Optimizer } from "../optim/optimizer.ts";
import { rmsProp } from "../optim/rmsprop.ts";
import { schedule, scheduleNames } from "../optim/schedule.ts";
import { sgd } from "../optim/sgd.ts";
import { deviceNames } from "../runtime/device.ts";
import type { Rewind } from "./checkpoint.ts";
import { trackEma, clipByNorm, clipByValue, skipAbove } from "../optim/wrappers.ts";

/** What selects the best weights; the distances are those of evaluation, by name. */
export const selectByNames = ["auto", "frechet", "kid", "mmd", "none"] as const;

export const optimizerNames = ["adam", "adamw", "adamax", "rmsprop", "sgd"] as const;

/** Training settings, with defaults and ranges; each field's description is its help text. */
export const trainingSettings = z.strictObject({
  epochs: z
    .int()
    .positive()
    .max(1_000_000)
    .optional()
    .describe("passes over the training data, each in a new order and without its last partial batch"),
  steps: z.int().positive().max(1_000_000_000).optional().describe("optimizer steps, in place of epochs"),
  batchSize: z.int().positive().max(1_000_000).default(128).describe("examples per step"),
  accumulate: z
    .int()
    .positive()
    .max(100_000)
    .default(1)
    .describe("gradient accumulation: batches whose gradients are averaged in a step"),
  learningRate: z.number().positive().max(1000).default(1e-3).describe("step size of the optimizer"),
  optimizer: z.enum(optimizerNames).default("adam").describe("optimizer"),
  momentum: z.number().min(0).lt(1).default(0).describe("momentum of sgd and rmsprop"),
  epsilon: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe("epsilon of adam, adamw and adamax, beside the root of the squared gradients (default: 1e-8)"),
  beta1: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe("decay of the mean of gradients of adam, adamw and adamax (default: 0.9)"),
  beta2: z
    .number()
    .min(0)
    .lt(1)
    .optional()
    .describe("decay of the mean of squared gradients of adam, adamw and adamax (default: 0.999)"),
  schedule: z.enum(scheduleNames).default("constant").describe("learning-rate schedule"),
  warmup: z.int().min(0).max(1_000_000_000).default(0).describe("learning-rate warm-up, in steps"),
  weightDecay: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe("weight decay of adamw and sgd (matrices and kernels only)"),
  clipNorm: z.number().positive().optional().describe("gradient clipping: largest global norm"),
  clipValue: z.number().positive().optional().describe("gradient clipping: largest absolute value of an element"),
  skipNorm: z
    .number()
    .positive()
    .optional()
    .describe(
      "skips an update whose gradients' global norm is above it or not finite, and counts it in skippedUpdates",
    ),
  ema: z.number().gt(0).lt(1).optional().describe("decay of the EMA weights, which sampling and evaluation then use"),
  checkpointEvery: z
    .int()
    .positive()
    .max(1_000_000_000)
    .optional()
    .describe(
      "steps between checkpoints (default: an epoch, less often where epochs are short); the best validation always has one",
    ),
  patience: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe(
      "epochs without a better validation after which training stops (default: a quarter of all, at least 20; none by samples); the best weights are used, with 0 the last",
    ),
  selectBy: z
    .enum(selectByNames)
    .default("auto")
    .describe(
      "distance of samples to validation examples that selects the best weights; auto: where the model has no validation metrics, frechet or kid for images, mmd for all else",
    ),
  validateEvery: z
    .int()
    .positive()
    .max(1_000_000)
    .optional()
    .describe(
      "epochs between validations (default: 1, more where epochs are short; by samples, so many that they take about a tenth of the time)",
    ),
  picturesEvery: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .describe(
      "epochs between sample grids during training, 0 for none (default: none; at most about 40 grids where the model has no validation metrics)",
    ),
  tensorboard: z.boolean().default(false).describe("write TensorBoard event files into the run's tensorboard/"),
  mlflow: z.string().min(1).max(1000).optional().describe("address of an MLflow server to log settings and metrics to"),
  device: z.enum(deviceNames).default("auto").describe("where to compute"),
  // The order in which numbers are added up depends on it, and so do their last bits: a run keeps it.
  threads: z.int().min(0).max(1024).default(0).describe("CPU threads; 0 for one per core"),
});
export type TrainingSettings = Readonly<z.output<typeof trainingSettings>>;

export const defaultEpochs = 20;

/** Steps of the whole run, of `batchesPerStep` batches each. Throws ConfigError where both a number of epochs and of steps are set. */
export function totalSteps({ epochs, steps }: TrainingSettings, batchesPerEpoch: number, batchesPerStep = 1): number {
  if (epochs !== undefined && steps !== undefined)
    throw new ConfigError(`train: two lengths, got ${epochs} epochs and ${steps} steps, expected one of them`);
  return steps ?? Math.ceil(((epochs ?? defaultEpochs) * batchesPerEpoch) / batchesPerStep);
}

/**
 * The optimizer that settings describe, for an objective that may bring its own, and its own EMA decay or none. In the steps after
 * each of the rewinds its learning rate is half what it was: they are read at each step, so a later one counts too. Throws ConfigError
 * where settings exclude each other.
 */
export function optimizerFor(
  settings: TrainingSettings,
  steps: number | (() => number | undefined),
  rewinds: readonly Rewind[] = [],
  { optimizer: own, ema: ownDecay }: Pick<Objective, "optimizer" | "ema"> = {},
): Optimizer {
  const { optimizer: name, clipNorm, clipValue, skipNorm } = settings;
  const decay = ownDecay === false ? undefined : (ownDecay ?? settings.ema);
  refuseUnread(settings, "momentum", ["sgd", "rmsprop"]);
  refuseUnread(settings, "weightDecay", ["adamw", "sgd"]);
  for (const key of ["epsilon", "beta1", "beta2"] as const) refuseUnread(settings, key, ["adam", "adamw", "adamax"]);
  const scheduled = (learningRate: number): LearningRate => rateOf({ ...settings, learningRate }, steps, rewinds);
  const atRate = (multiple: number): Optimizer =>
    bareOptimizer(name, settings, scheduled(settings.learningRate * multiple));
  let optimizer = atRate(1);
  if (own) optimizer = own({ optimizer, scheduled, atRate });
  if (clipValue !== undefined) optimizer = clipByValue(optimizer, clipValue);
  if (clipNorm !== undefined) optimizer = clipByNorm(optimizer, clipNorm);
  if (decay !== undefined) optimizer = trackEma(optimizer, decay);
  return skipNorm === undefined ? optimizer : skipAbove(optimizer, skipNorm);
}

function rateOf(
  { schedule: scheduleName, learningRate, warmup }: Pick<TrainingSettings, "schedule" | "learningRate" | "warmup">,
  steps: number | (() => number | undefined),
  rewinds: readonly Rewind[],
): LearningRate {
  if (typeof steps === "number") {
    const planned = schedule(scheduleName, { learningRate, steps, warmup });
    return (step) => planned(step) * 0.5 ** rewinds.filter(({ to }) => step > to).length;
  }
  let planned: ((step: number) => number) | undefined;
  return (step) => {
    const length = steps();
    if (length === undefined) return learningRate;
    planned ??= schedule(scheduleName, { learningRate, steps: length, warmup });
    return planned(step) * 0.5 ** rewinds.filter(({ to }) => step > to).length;
  };
}

function bareOptimizer(
  name: TrainingSettings["optimizer"],
  { momentum, weightDecay, epsilon, beta1, beta2 }: TrainingSettings,
  learningRate: LearningRate,
): Optimizer {
  const rate = {
    learningRate,
    ...(epsilon !== undefined && { epsilon }),
    ...(beta1 !== undefined && { beta1 }),
    ...(beta2 !== undefined && { beta2 }),
  };
  switch (name) {
    case "adam":
      return adam(rate);
    case "adamw":
      return adamW({ ...rate, weightDecay });
    case "adamax":
      return adamax(rate);
    case "rmsprop":
      return rmsProp({ learningRate, momentum });
    case "sgd":
      return sgd({ learningRate, momentum, weightDecay });
  }
}

function refuseUnread(
  settings: TrainingSettings,
  key: "momentum" | "weightDecay" | "epsilon" | "beta1" | "beta2",
  readers: readonly string[],
): void {
  const given = settings[key];
  const unset = key === "momentum" || key === "weightDecay" ? 0 : undefined;
  if (given !== undefined && given !== unset && !readers.includes(settings.optimizer))
    throw new ConfigError(
      `train: ${settings.optimizer} has no ${key}, got ${given}, expected ${unset ?? "none"}, or optimizer ${readers.join(" or ")}`,
    );
}

/** Settings with the given number of epochs or steps in place of the one before. */
export function withLength(before: TrainingSettings, { epochs, steps }: Partial<TrainingSettings>): TrainingSettings {
  if (epochs === undefined && steps === undefined) return before;
  const length = { ...(epochs !== undefined && { epochs }), ...(steps !== undefined && { steps }) };
  return { ...before, epochs: undefined, steps: undefined, ...length };
}
