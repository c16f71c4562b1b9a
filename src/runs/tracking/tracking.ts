/** Where a run's metrics go besides its own store. */
import { ConfigError } from "../../errors.ts";
import type { TrainingSettings } from "../../training/settings.ts";
import type { Run } from "../run.ts";
import type { TrainingEvent } from "../training-event.ts";

export type Ending = "finished" | "interrupted" | "failed";

/** Follows a run, which neither waits for it nor ends with it. What is in its way it returns in a sentence. */
export interface Tracker {
  see(event: TrainingEvent): Promise<string | undefined>;
  /** Takes a few seconds at most. */
  close(ending: Ending): Promise<string | undefined>;
}

export interface TrackedRun {
  readonly run: Run;
  /** Steps done before this process. */
  readonly from: number;
  /** Whether the address that metrics go to was given to this process; else it is from the run's record, which may be another's. */
  readonly addressGiven: boolean;
}

/** The trackers of a platform. */
export interface Trackers {
  /** Throws ConfigError where a run with these settings could not be tracked, before there is one. */
  check(settings: TrainingSettings): Promise<void>;
  /** The trackers that settings ask for. Throws ConfigError where one cannot begin. */
  open(tracked: TrackedRun, settings: TrainingSettings): Promise<readonly Tracker[]>;
}

/** Of a platform that has none: throws ConfigError where settings ask for one. */
export const noTrackers: Trackers = {
  check: async ({ tensorboard, mlflow }) => {
    for (const [name, value] of Object.entries({ tensorboard, mlflow }))
      if (value !== undefined && value !== false)
        throw new ConfigError(`${name}: not available on this platform, got ${String(value)}, expected none`);
    return Promise.resolve();
  },
  open: async (_, settings) => {
    await noTrackers.check(settings);
    return [];
  },
};

/** The events as they are, each seen by every tracker first, and warnings of what was in a tracker's way. */
export async function* tracked(
  events: AsyncGenerator<TrainingEvent>,
  trackers: readonly Tracker[],
): AsyncGenerator<TrainingEvent> {
  let ending: Ending = "failed";
  let step = 0;
  let unsaid: readonly string[] = [];
  const following = new Set(trackers);
  try {
    for await (const event of events) {
      ({ step } = event);
      for (const tracker of following) {
        const message = await tracker.see(event).catch((error: unknown) => {
          following.delete(tracker);
          return `${messageOf(error)}; nothing more of this run is written there`;
        });
        if (message !== undefined) yield { kind: "warning", step, message };
      }
      // A consumer that stops early has interrupted the run.
      ending = "interrupted";
      yield event;
      ending = event.kind === "done" ? "finished" : event.kind === "interrupted" ? "interrupted" : "failed";
    }
  } finally {
    const closed = await Promise.all(trackers.map((tracker) => tracker.close(ending).catch(messageOf)));
    unsaid = closed.filter((message) => message !== undefined);
  }
  for (const message of unsaid) yield { kind: "warning", step, message };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The metrics of an event, by `split/name`. */
export function metricsOf(event: TrainingEvent): Readonly<Record<string, number>> | undefined {
  const named = (split: string, metrics: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(Object.entries(metrics).map(([name, value]) => [`${split}/${name}`, value]));
  if (event.kind === "step" && event.metrics) return named("train", event.metrics);
  if (event.kind === "validation") return named("validation", event.metrics);
  return event.kind === "done" && Object.keys(event.metrics.test).length > 0
    ? named("test", event.metrics.test)
    : undefined;
}
