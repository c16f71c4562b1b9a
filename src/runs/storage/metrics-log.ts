/**
 * metrics.jsonl: one JSON object per line, only ever appended to. A kill can tear the last line, which has no newline
 * then and is not a record. A metric that is not finite is `null` in the file and NaN in memory.
 */
import { z } from "zod";
import { CheckpointError } from "../../errors.ts";
import { matching, parseJsonObject } from "../../serialization/json.ts";
import type { RunStore, StoredLog } from "./store.ts";

const recordSchema = z.object({
  /** Optimizer steps done when the metrics were measured. */
  step: z.int().nonnegative(),
  /** The epoch that step was in, counted from 1. */
  epoch: z.int().positive(),
  split: z.enum(["train", "validation", "test"]),
  metrics: z.record(
    z.string(),
    z
      .number()
      .nullable()
      .transform((value) => value ?? Number.NaN),
  ),
});

export type MetricsRecord = Readonly<z.output<typeof recordSchema>>;

export const metricsFile = "metrics.jsonl";
const maxLineBytes = 1_000_000;
/** Bytes read at a time. */
const chunkBytes = 1 << 16;
const newline = 10;

/** Writes a record at the end of the log. Throws ConfigError where the disk refuses. */
export const appendRecord = (log: StoredLog, record: MetricsRecord): Promise<void> =>
  log.append(`${JSON.stringify(record)}\n`);

/** The records of a run's log in order; none where there is no file. Throws CheckpointError naming a damaged line. */
export async function* readMetrics(store: RunStore): AsyncGenerator<MetricsRecord> {
  for await (const { record } of recordsOf(store)) yield record;
}

/** Cuts the log before the first record after `step`, and a torn last line with it. */
export async function truncateMetrics(store: RunStore, step: number): Promise<void> {
  if ((await store.kindOf(metricsFile)) === "nothing") return;
  let end = 0;
  for await (const { record, endByte } of recordsOf(store)) {
    if (record.step > step) break;
    end = endByte;
  }
  await store.truncate(metricsFile, end);
}

async function* recordsOf(store: RunStore): AsyncGenerator<{ record: MetricsRecord; endByte: number }> {
  const path = store.pathOf(metricsFile);
  if ((await store.kindOf(metricsFile)) === "nothing") return;
  const file = await store.open(metricsFile);
  try {
    let lineNumber = 0;
    /** Bytes before `rest`, which begins with a line. */
    let before = 0;
    let rest = new Uint8Array();
    while (before + rest.length < file.size) {
      const read = before + rest.length;
      const longer = new Uint8Array(Math.min(rest.length + chunkBytes, file.size - before));
      longer.set(rest);
      await file.read(longer.subarray(rest.length), read);
      rest = longer;
      let from = 0;
      for (let end = rest.indexOf(newline); end >= 0; end = rest.indexOf(newline, from)) {
        const where = `${path}: line ${++lineNumber}`;
        const text = new TextDecoder().decode(rest.subarray(from, end));
        const record = matching(recordSchema, parseJsonObject(text, where), where);
        from = end + 1;
        yield { record, endByte: before + from };
      }
      rest = rest.subarray(from);
      before += from;
      if (rest.length > maxLineBytes)
        throw new CheckpointError(`${path}: line ${lineNumber + 1}: too long, expected at most ${maxLineBytes} bytes`);
    }
  } finally {
    await file.close();
  }
}
