import type { Trackers } from "../../runs/tracking.ts";
import { mlflowExperiment, mlflowTracker } from "./mlflow.ts";
import { tensorboardTracker } from "./tensorboard.ts";

/** TensorBoard's event files and MLflow's servers. */
export const nodeTrackers: Trackers = {
  async check({ mlflow }) {
    if (mlflow !== undefined) await mlflowExperiment(mlflow);
  },
  open: async (tracked, { tensorboard, mlflow }) => [
    ...(tensorboard ? [await tensorboardTracker(tracked)] : []),
    ...(mlflow === undefined ? [] : [await mlflowTracker(tracked, mlflow)]),
  ],
};
