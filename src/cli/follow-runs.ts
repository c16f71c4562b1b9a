/** Work on several runs, one after the other, that resumes where it stopped. */
import type { CompletingEvent } from "../runs/studies/complete-run.ts";
import type { EvaluatingEvent } from "../runs/studies/evaluated-run.ts";
import type { TrainingRun } from "../runs/training-run.ts";
import { Progress } from "./output/progress.ts";
import { printAside } from "./output/terminal.ts";

/** The next run, an event of its training, or the progress of a metric. */
export type WorkEvent = { readonly kind: "run"; readonly label: string } | CompletingEvent | EvaluatingEvent;

const interrupted = 130;
const lineIntervalMs = 2000;

/** Shows the progress of training and evaluation on stderr, and returns their result. */
export async function follow<T>(work: AsyncGenerator<WorkEvent, T>): Promise<T> {
  let bar: Progress | undefined;
  let shown: TrainingRun | undefined;
  let shownMs = performance.now();
  let next = await work.next();
  for (; !next.done; next = await work.next()) {
    const { value } = next;
    if (value.kind === "run") {
      printAside(value.label);
      bar = undefined;
    } else if (value.kind === "training") {
      const { steps, from, stepsPerEpoch } = value.training;
      // The next of the stages of a run, where it is trained in two.
      if (shown !== value.training) bar = undefined;
      shown = value.training;
      bar ??= new Progress({ totalSteps: steps, doneSteps: from, totalEpochs: Math.ceil(steps / stepsPerEpoch) });
      if (value.event.kind === "step") bar.step(value.event);
      else if (value.event.kind === "warning") bar.log(value.event.message);
      else if (value.event.kind === "done" || value.event.kind === "interrupted") bar.finish();
    } else if (performance.now() - shownMs > lineIntervalMs) {
      shownMs = performance.now();
      printAside(`${value.what}: ${value.done} of ${value.total}`);
    }
  }
  return next.value;
}

/**
 * Runs work that Ctrl-C stops after a checkpoint, and a second Ctrl-C at once; it returns undefined where it was stopped. Returns
 * the exit code.
 */
export async function unattended(work: (signal: AbortSignal) => Promise<true | undefined>): Promise<number> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(interrupted);
    stop.abort();
    printAside("stopping after this step; press Ctrl-C again to stop at once");
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    if (await work(stop.signal)) return 0;
    printAside("stopped; run the same command again to resume");
    return interrupted;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}
