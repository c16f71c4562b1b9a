/**
 * Training: a compiled step, the loop over batches, its settings, and what a run that goes wrong looks like.
 *
 * @module latentkit/training
 */
export { compileStep } from "./compile-step.ts";
export { diagnose, type Measured, type Symptoms } from "./doctor/diagnosis.ts";
export type { Finding } from "./doctor/finding.ts";
export { fit, type FitEvent, type FitOptions } from "./fit.ts";
export { optimizerFor, trainingSettings, type TrainingSettings } from "./settings.ts";
export { readTensors, writeTensors } from "./state-tensors.ts";
export { type StepOptions, type StepRun, TrainingStep } from "./step.ts";
