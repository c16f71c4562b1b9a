import { ConfigError } from "../../errors.ts";
import type { Platform } from "../platform.ts";
import type { RunResult } from "../run-info.ts";
import { infoFile, requestFile } from "../run.ts";
import { trainingSeconds } from "../stages/training-seconds.ts";
import { resumeStages, type TrainingStage, trainingStages } from "../stages/training-stages.ts";
import type { RunRequest } from "../start-run.ts";
import type { TrainingEvent, TrainingRun } from "../training-run.ts";

export interface CompletedRun {
  readonly result: RunResult;
  readonly epochs: number;
  /** Training time, over all stages and processes. */
  readonly seconds: number;
}

export interface CompletingEvent {
  readonly kind: "training";
  readonly training: TrainingRun;
  readonly event: TrainingEvent;
}

/**
 * Brings the run at a path to its end: starts it, resumes it where it stopped, or leaves it as it is. An aborted `signal` saves a
 * checkpoint and returns undefined. Throws ConfigError where the run was begun with other settings.
 */
export async function* completeRun(
  path: string,
  request: RunRequest,
  platform: Platform,
  signal?: AbortSignal,
): AsyncGenerator<CompletingEvent, CompletedRun | undefined> {
  let done: CompletedRun | undefined;
  for await (const { training } of openStages(path, request, platform)) {
    const { run, from, steps, stepsPerEpoch } = training;
    try {
      if (!(run.info.result && from === steps))
        for await (const event of training.train(signal)) {
          yield { kind: "training", training, event };
          if (event.kind === "interrupted") return undefined;
        }
      const result = run.info.result!;
      const seconds = (await trainingSeconds(run, platform))!;
      done = { result, epochs: result.step / stepsPerEpoch, seconds };
    } finally {
      await training.close();
    }
  }
  return done;
}

async function* openStages(path: string, request: RunRequest, platform: Platform): AsyncGenerator<TrainingStage> {
  const store = platform.openStore(path);
  if ([await store.kindOf(infoFile), await store.kindOf(requestFile)].includes("file")) {
    const { definition, modelFile, settings, ...same } = request;
    // The device is the run's own: another one would cost the last bits.
    const { device: _, threads: __, ...sameSettings } = settings;
    try {
      const given = { ...same, model: definition.name, settings: sameSettings };
      return yield* resumeStages(path, { given, ...(modelFile && { named: { definition, modelFile } }) }, platform);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(`${path}: ${error.message.replace(/^--resume: /, "")}; or use another --out`, {
        cause: error,
      });
    }
  }
  yield* trainingStages(request, { out: path }, platform);
}
