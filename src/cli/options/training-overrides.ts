import { z } from "zod";
import { trainingSettings } from "../../training/settings.ts";

const { epochs, steps, patience, batchSize, learningRate, schedule, device, threads } = trainingSettings.shape;

/** A setting without its default, described alike. */
const open = <T extends z.ZodType>(setting: z.ZodDefault<T>) =>
  setting.unwrap().optional().describe(setting.description!);

/** Settings of training for commands with other defaults. */
export const givenTraining = z.strictObject({
  epochs,
  steps,
  patience,
  batchSize: open(batchSize),
  learningRate: open(learningRate),
  schedule: open(schedule),
  device: open(device),
  threads: open(threads),
});
