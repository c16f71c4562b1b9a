import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { findModel } from "../models/registry.ts";
import type { Reproduction, ReproductionRow } from "../reproductions/index.ts";
import { matching, parseJsonObject } from "../training/json.ts";
import { trainingSettings } from "../training/settings.ts";
import { writeFileAtomic } from "./atomic-write.ts";
import { completeRun, type CompletingEvent } from "./complete-run.ts";
import { type DataOptions, dataOptions } from "./data-options.ts";
import { evaluateRun } from "./evaluate-run.ts";
import { figuresOf } from "./figures-of.ts";
import { loadRun } from "./load-run.ts";
import { pickDevice } from "./pick-device.ts";

export interface ReproductionRequest {
  /** Folder that holds a run for each row and seed. */
  readonly out: string;
  /** In place of the table's. */
  readonly data?: string;
  readonly dataOptions: DataOptions;
  readonly training: Readonly<Record<string, unknown>>;
  readonly samples?: number;
  /** The first so many test examples; all of them where not given. */
  readonly count?: number;
}

const asked = z.record(z.string(), z.unknown());
const measuredSchema = z.strictObject({
  seed: z.int().nonnegative(),
  /** What the figures were asked for with. */
  request: asked,
  epochs: z.number(),
  /** This machine's, over all sittings. */
  trainingSeconds: z.number(),
  figures: z.array(
    z.strictObject({
      name: z.string(),
      of: z.string().optional(),
      value: z.number(),
      standardError: z.number().optional(),
    }),
  ),
});
/** A row's own figures on the test split, with one seed. */
export type MeasuredRow = Readonly<z.infer<typeof measuredSchema>>;

export type ReproductionEvent =
  | CompletingEvent
  | { readonly kind: "measuring"; readonly what: string; readonly done: number; readonly total: number };

/** Settings that a row is trained with: the table's, the row's, then what was asked for, of which a length replaces theirs. */
export function rowTraining(table: Reproduction, row: ReproductionRow, given: ReproductionRequest["training"]) {
  const planned = { ...table.training, ...row.training };
  const { epochs, steps, ...rest } = planned;
  const length = given["epochs"] === undefined && given["steps"] === undefined ? { epochs, steps } : {};
  return trainingSettings.parse({ ...rest, ...length, ...given });
}

/** The folder of a row's run. */
export const rowFolder = (out: string, row: ReproductionRow, seed: number): string =>
  join(out, seed === 0 ? row.name : `${row.name}-seed-${seed}`);

/**
 * Trains a row with a seed where that is not done yet, going on where it stopped, measures it, and keeps the figures beside the
 * run. An aborted `signal` saves a checkpoint and returns undefined. Throws ConfigError where the run was begun with other settings.
 */
export async function* reproduceRow(
  table: Reproduction,
  row: ReproductionRow,
  seed: number,
  request: ReproductionRequest,
  signal?: AbortSignal,
): AsyncGenerator<ReproductionEvent, MeasuredRow | undefined> {
  const path = rowFolder(request.out, row, seed);
  const definition = findModel(row.model);
  const settings = rowTraining(table, row, request.training);
  const done = yield* completeRun(
    path,
    {
      definition,
      config: definition.config.parse(row.config),
      settings,
      data: request.data ?? table.data,
      binarize: "auto",
      seed,
      ...dataOptions.parse({ ...table.dataOptions, ...request.dataOptions }),
    },
    signal,
  );
  if (!done) return undefined;

  const { count = null, samples = table.samples } = request;
  const how = { samples, count, step: done.result.weights };
  const kept = join(path, "reproduction.json");
  if (existsSync(kept)) {
    const before = matching(measuredSchema, parseJsonObject(await readFile(kept, "utf8"), kept), kept);
    if (JSON.stringify(before.request) === JSON.stringify(how)) return before;
  }
  const { device } = await pickDevice(settings.device, settings.threads);
  const evaluation = evaluateRun(await loadRun(path, device), {
    split: "test",
    samples: samples ?? 500,
    seed,
    ...(count !== null && { count }),
  });
  let next = await evaluation.next();
  for (; !next.done; next = await evaluation.next())
    yield { kind: "measuring", what: "examples", done: next.value.done, total: next.value.examples };
  const measured: MeasuredRow = {
    seed,
    request: how,
    epochs: done.epochs,
    trainingSeconds: done.result.seconds,
    figures: figuresOf(next.value),
  };
  await writeFileAtomic(kept, `${JSON.stringify(measured, null, 2)}\n`);
  return measured;
}
