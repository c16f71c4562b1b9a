import type { z } from "zod";
import type { Preview } from "../../evaluation/samples/sampling-loop.ts";
import type { LoadedRun } from "../../runs/load-run.ts";
import type { ValueInfo } from "../../onnx/model-proto.ts";
import type { Asked } from "../request-body.ts";
import type { Arrays } from "../json-arrays.ts";
import { gone } from "./turns.ts";

/** What a task is told of whoever waits for it, and tells them. */
export interface TaskWatch {
  /** Aborted where the client goes away. */
  readonly signal: AbortSignal;
  /** Called after each step, of all rows together. */
  readonly onStep: (step: number, steps: number) => void;
  readonly onPreview: (preview: Preview) => void;
}

/** Something of many steps that a run does for one client at a time. */
export interface ServedTask {
  readonly about: string;
  /** The run whose examples the answer has. */
  readonly examplesOf: LoadedRun;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly settings: z.ZodObject;
  /** Checks a request, and says how to do it. Throws ConfigError or DataError for what does not fit. */
  prepare(request: Asked): (watch: TaskWatch) => Promise<Arrays>;
}

/** Tells of steps as long as someone waits for them; then it throws GoneError, which ends what it is called by. */
export function whileWatched({ signal, onStep }: TaskWatch): TaskWatch["onStep"] {
  return (step, steps) => {
    if (signal.aborted) throw gone();
    onStep(step, steps);
  };
}
