/** Where a run's figures go besides its own folder. */
import type { TrainingSettings } from "../../training/settings.ts";
import { mlflowTracker } from "./mlflow.ts";
import type { RunFolder } from "../../runs/run.ts";
import { tensorboardTracker } from "./tensorboard.ts";
import type { TrainingEvent } from "../../runs/training-event.ts";

export type Ending = "finished" | "interrupted" | "failed";

/** Follows a run. What is in its way it returns in a sentence; it never ends training. */
export interface Tracker {
  see(event: TrainingEvent): Promise<string | undefined>;
  close(ending: Ending): Promise<string | undefined>;
}

export interface TrackedRun {
  readonly run: RunFolder;
  /** Steps done before this process. */
  readonly from: number;
}

/** The trackers that settings ask for. Throws ConfigError where one cannot begin. */
export async function openTrackers(
  tracked: TrackedRun,
  { tensorboard, mlflow }: TrainingSettings,
): Promise<readonly Tracker[]> {
  return [
    ...(tensorboard ? [await tensorboardTracker(tracked)] : []),
    ...(mlflow === undefined ? [] : [await mlflowTracker(tracked, mlflow)]),
  ];
}

/** The events as they are, each seen by every tracker first, and warnings of what was in a tracker's way. */
export async function* tracked(
  events: AsyncGenerator<TrainingEvent>,
  trackers: readonly Tracker[],
): AsyncGenerator<TrainingEvent> {
  let ending: Ending = "failed";
  let step = 0;
  try {
    for await (const event of events) {
      ({ step } = event);
      for (const tracker of trackers) {
        const message = await tracker.see(event);
        if (message !== undefined) yield { kind: "warning", step, message };
      }
      // Whoever stops listening has interrupted the run.
      ending = "interrupted";
      yield event;
      ending = event.kind === "done" ? "finished" : event.kind === "interrupted" ? "interrupted" : "failed";
    }
  } finally {
    for (const tracker of trackers) await tracker.close(ending);
  }
}
