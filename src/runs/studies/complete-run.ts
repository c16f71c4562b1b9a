import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ConfigError } from "../../errors.ts";
import type { RunResult } from "../run-info.ts";
import { resumeRun, type RunRequest, startRun } from "../start-run.ts";
import type { TrainingEvent, TrainingRun } from "../training-run.ts";

export interface CompletedRun {
  readonly result: RunResult;
  readonly epochs: number;
}

export interface CompletingEvent {
  readonly kind: "training";
  readonly training: TrainingRun;
  readonly event: TrainingEvent;
}

/**
 * Brings the run in a folder to its end: starts it, goes on where it stopped, or leaves it as it is. An aborted `signal` saves a
 * checkpoint and returns undefined. Throws ConfigError where the run was begun with other settings.
 */
export async function* completeRun(
  path: string,
  request: RunRequest,
  signal?: AbortSignal,
): AsyncGenerator<CompletingEvent, CompletedRun | undefined> {
  const training = await openRun(path, request);
  const { run, from, steps, stepsPerEpoch } = training;
  try {
    if (!(run.info.result && from === steps))
      for await (const event of training.train(signal)) {
        yield { kind: "training", training, event };
        if (event.kind === "interrupted") return undefined;
      }
    const result = run.info.result!;
    return { result, epochs: result.step / stepsPerEpoch };
  } finally {
    await training.close();
  }
}

async function openRun(path: string, request: RunRequest): Promise<TrainingRun> {
  if (existsSync(join(path, "run.json"))) {
    const { definition, settings, ...same } = request;
    // The device is the run's own: another one would cost the last bits.
    const { device: _, threads: __, ...sameSettings } = settings;
    try {
      return await resumeRun(path, { given: { ...same, model: definition.name, settings: sameSettings } });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(`${path}: ${error.message.replace(/^--resume: /, "")}; or take another --out`, {
        cause: error,
      });
    }
  }
  await mkdir(dirname(path), { recursive: true });
  return startRun(request, { out: path });
}
