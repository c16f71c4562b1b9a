import { z } from "zod";
import { trainingSettings } from "../../training/settings.ts";

const { epochs, steps, patience, batchSize, learningRate, schedule, device, threads } = trainingSettings.shape;

/** A setting without its default, described alike. */
const withoutDefault = <T extends z.ZodType>(setting: z.ZodDefault<T>) =>
  setting
    .unwrap()
    .optional()
    .describe(setting.description ?? "");

/** Settings of training for commands with other defaults. */
export const givenTraining = z.strictObject({
  epochs,
  steps,
  patience,
  batchSize: withoutDefault(batchSize),
  learningRate: withoutDefault(learningRate),
  schedule: withoutDefault(schedule),
  device: withoutDefault(device),
  threads: withoutDefault(threads),
});
