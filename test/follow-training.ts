import type { TrainingEvent, TrainingRun } from "../src/runs/training-run.ts";

/** All that happens until the end, or until `stop` says so, as Ctrl-C does. */
export async function follow(training: TrainingRun, stop: (event: TrainingEvent) => boolean = () => false) {
  const events: TrainingEvent[] = [];
  const ctrlC = new AbortController();
  try {
    for await (const event of training.train(ctrlC.signal)) {
      events.push(event);
      if (stop(event)) ctrlC.abort();
    }
  } finally {
    await training.close();
  }
  return events;
}
