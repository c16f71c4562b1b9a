import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { findModel } from "../models/registry.ts";
import type { Reproduction, ReproductionRow } from "../reproductions/index.ts";
import { matching, parseJsonObject } from "../training/json.ts";
import { trainingSettings, type TrainingSettings } from "../training/settings.ts";
import { writeFileAtomic } from "./atomic-write.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { loadRun } from "./load-run.ts";
import { pickDevice } from "./pick-device.ts";
import { resumeRun, startRun } from "./start-run.ts";
import type { TrainingEvent, TrainingRun } from "./training-run.ts";

export interface ReproductionRequest {
  /** Folder that holds a run for each row. */
  readonly out: string;
  readonly data: string;
  readonly seed: number;
  readonly validation?: number;
  /** Training settings in place of the table's. */
  readonly training: Readonly<Record<string, unknown>>;
  readonly samples: number;
  /** The first so many test images; all of them where not given. */
  readonly count?: number;
}

const measuredSchema = z.strictObject({
  request: z.strictObject({ samples: z.number(), count: z.number().nullable(), step: z.number() }),
  epochs: z.number(),
  trainingSeconds: z.number(),
  examples: z.number(),
  nll: z.number(),
  standardError: z.number(),
  negElbo: z.number(),
  activeUnits: z.number().nullable(),
});
/** A row's own figures on the test split; `trainingSeconds` counts this machine's time over all sittings. */
export type MeasuredRow = Readonly<z.infer<typeof measuredSchema>>;

export type ReproductionEvent =
  | { readonly kind: "training"; readonly training: TrainingRun; readonly event: TrainingEvent }
  | { readonly kind: "measuring"; readonly done: number; readonly examples: number };

/**
 * Trains a row where that is not done yet, going on where it stopped, measures it, and keeps the figures beside the run. An
 * aborted `signal` saves a checkpoint and returns undefined. Throws ConfigError where the run was begun with other settings.
 */
export async function* reproduceRow(
  table: Reproduction,
  row: ReproductionRow,
  request: ReproductionRequest,
  signal?: AbortSignal,
): AsyncGenerator<ReproductionEvent, MeasuredRow | undefined> {
  const path = join(request.out, row.name);
  const settings = trainingSettings.parse({ ...table.training, ...request.training });
  const training = await openRow(path, row, settings, request);
  const { steps, stepsPerEpoch } = training;
  const clock = await TrainingClock.at(join(path, "training-seconds.json"));
  try {
    for await (const event of training.train(signal)) {
      yield { kind: "training", training, event };
      if (event.kind === "checkpoint") await clock.save();
      if (event.kind === "interrupted") return undefined;
    }
  } finally {
    await training.close();
  }

  const { samples, count } = request;
  const asked = { samples, count: count ?? null, step: steps };
  const kept = join(path, "reproduction.json");
  if (existsSync(kept)) {
    const before = matching(measuredSchema, parseJsonObject(await readFile(kept, "utf8"), kept), kept);
    if (JSON.stringify(before.request) === JSON.stringify(asked)) return before;
  }
  const { device } = await pickDevice(settings.device, settings.threads);
  const evaluation = evaluateRun(await loadRun(path, device), {
    split: "test",
    samples,
    seed: request.seed,
    ...(count !== undefined && { count }),
  });
  let next = await evaluation.next();
  for (; !next.done; next = await evaluation.next()) yield { kind: "measuring", ...next.value };
  const { likelihood, scores, units, examples } = next.value;
  const measured: MeasuredRow = {
    request: asked,
    epochs: steps / stepsPerEpoch,
    trainingSeconds: clock.seconds,
    examples,
    nll: likelihood!.nll,
    standardError: likelihood!.standardError,
    negElbo: scores!["negElbo"]!,
    activeUnits: units?.active ?? null,
  };
  await writeFileAtomic(kept, `${JSON.stringify(measured, null, 2)}\n`);
  return measured;
}

/** The row's run: a new one, or the one begun before. */
async function openRow(
  path: string,
  row: ReproductionRow,
  settings: TrainingSettings,
  { out, data, seed, validation }: ReproductionRequest,
): Promise<TrainingRun> {
  const definition = findModel(row.model);
  const config = definition.config.parse(row.config);
  const held = validation === undefined ? {} : { validation };
  if (existsSync(join(path, "run.json"))) {
    const { device: _, threads: __, ...same } = settings;
    return resumeRun(path, { given: { model: row.model, config, settings: same, data, seed, ...held } });
  }
  await mkdir(out, { recursive: true });
  return startRun({ definition, config, settings, data, binarize: "dynamic", seed, ...held }, { out: path });
}

/** Seconds spent training a run, over all sittings: saved with each checkpoint. */
class TrainingClock {
  readonly #path: string;
  #since = performance.now();
  #before: number;

  private constructor(path: string, before: number) {
    this.#path = path;
    this.#before = before;
  }
  static async at(path: string): Promise<TrainingClock> {
    const schema = z.strictObject({ seconds: z.number().min(0) });
    if (!existsSync(path)) return new TrainingClock(path, 0);
    return new TrainingClock(path, matching(schema, parseJsonObject(await readFile(path, "utf8"), path), path).seconds);
  }
  /** Of what is saved. */
  get seconds(): number {
    return this.#before;
  }
  async save(): Promise<void> {
    const now = performance.now();
    this.#before += (now - this.#since) / 1000;
    this.#since = now;
    await writeFileAtomic(this.#path, `${JSON.stringify({ seconds: this.#before })}\n`);
  }
}
