import { z } from "zod";
import { trainingSettings } from "../../training/settings.ts";

const { epochs, steps, patience, batchSize, learningRate, schedule, device, threads } = trainingSettings.shape;

/** Settings of training for commands that have others to take where these are not given: no defaults. */
export const givenTraining = z.strictObject({
  epochs,
  steps,
  patience,
  batchSize: batchSize.unwrap().optional(),
  learningRate: learningRate.unwrap().optional(),
  schedule: schedule.unwrap().optional(),
  device: device.unwrap().optional(),
  threads: threads.unwrap().optional(),
});
