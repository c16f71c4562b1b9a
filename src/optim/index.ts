/**
 * Optimizers, learning-rate schedules, and wrappers that clip gradients or average weights.
 *
 * @module latentkit/optim
 */
export * from "./adam.ts";
export type { LearningRate, Optimizer, Slot, UpdateArguments, UpdatePoint, UpdateResult } from "./optimizer.ts";
export * from "./rmsprop.ts";
export * from "./schedule.ts";
export * from "./sgd.ts";
export * from "./wrappers.ts";
