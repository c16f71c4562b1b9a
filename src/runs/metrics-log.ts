/**
 * metrics.jsonl: one JSON object a line, only ever appended to. A kill can tear the last line, which has no newline
 * then and is not a record. A metric that is not finite is `null` in the file and NaN in memory.
 */
import { constants } from "node:fs";
import { type FileHandle, truncate } from "node:fs/promises";
import { z } from "zod";
import { CheckpointError } from "../errors.ts";
import { matching, parseJsonObject } from "../serialization/json.ts";
import { fileError } from "../node/files/file-error.ts";
import { kindOf, openOwnFile } from "../node/files/safe-read.ts";

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

const maxLineBytes = 1_000_000;

/** The writer of a metrics file. */
export class MetricsLog {
  readonly #file: FileHandle;
  readonly #path: string;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  static async open(path: string): Promise<MetricsLog> {
    const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT;
    return new MetricsLog(await openOwnFile(path, flags), path);
  }

  /** Throws ConfigError where the disk refuses. */
  async append(record: MetricsRecord): Promise<void> {
    try {
      await this.#file.writeFile(`${JSON.stringify(record)}\n`);
    } catch (error) {
      throw fileError(error, this.#path, "write");
    }
  }

  /** Waits until every record is on the disk. */
  async sync(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (error) {
      throw fileError(error, this.#path, "write");
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** The records of a metrics file in order; none where there is no file. Throws CheckpointError naming a damaged line. */
export async function* readMetrics(path: string): AsyncGenerator<MetricsRecord> {
  for await (const { record } of recordsOf(path)) yield record;
}

/** Cuts the file before the first record after `step`, and a torn last line with it. */
export async function truncateMetrics(path: string, step: number): Promise<void> {
  if ((await kindOf(path)) === "nothing") return;
  let end = 0;
  for await (const { record, endByte } of recordsOf(path)) {
    if (record.step > step) break;
    end = endByte;
  }
  try {
    await truncate(path, end);
  } catch (error) {
    throw fileError(error, path, "write");
  }
}

async function* recordsOf(path: string): AsyncGenerator<{ record: MetricsRecord; endByte: number }> {
  if ((await kindOf(path)) === "nothing") return;
  const file = await openOwnFile(path);
  let lineNumber = 0;
  let rest = Buffer.alloc(0);
  let restStart = 0;
  for await (const chunk of file.createReadStream() as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    let from = 0;
    for (let newline = rest.indexOf(10); newline >= 0; newline = rest.indexOf(10, from)) {
      const where = `${path}: line ${++lineNumber}`;
      const record = matching(recordSchema, parseJsonObject(rest.toString("utf8", from, newline), where), where);
      from = newline + 1;
      yield { record, endByte: restStart + from };
    }
    rest = rest.subarray(from);
    restStart += from;
    if (rest.length > maxLineBytes) {
      throw new CheckpointError(`${path}: line ${lineNumber + 1}: too long, expected at most ${maxLineBytes} bytes`);
    }
  }
}
