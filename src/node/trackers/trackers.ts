import type { Trackers } from "../../runs/tracking/tracking.ts";
import { checkMlflow, mlflowTracker } from "./mlflow.ts";
import { tensorboardTracker } from "./tensorboard.ts";

/** TensorBoard's event files and MLflow's servers. */
export const nodeTrackers: Trackers = {
  async check({ mlflow }) {
    if (mlflow !== undefined) await checkMlflow(mlflow);
  },
  open: async (tracked, { tensorboard, mlflow }) => [
    ...(tensorboard ? [await tensorboardTracker(tracked)] : []),
    ...(mlflow === undefined ? [] : [mlflowTracker(tracked, mlflow)]),
  ],
};
