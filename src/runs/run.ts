/**
 * A run on disk: `run.json`, `metrics.jsonl`, `checkpoints/`, `samples/` and, while it trains, `lock`.
 *
 * A kill at any instant loses at most what came after the last checkpoint. A folder from elsewhere is data only: no name
 * in its files is ever used as a path, and no symbolic link in it is followed.
 */
import { mkdir, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CheckpointError, ConfigError } from "../errors.ts";
import type { Checkpoint, StateFile, TensorSpecs, TrainingState } from "../training/checkpoint.ts";
import { parseRunInfo, type RunInfo, runInfoText } from "./run-info.ts";
import {
  type FileContent,
  removeFolderAtomic,
  removeTemporaries,
  writeFileAtomic,
  writeFolderAtomic,
} from "../node/files/atomic-write.ts";
import { checkpointFolder, listCheckpoints, readState, readTensorFile, writeCheckpoint } from "./checkpoint-files.ts";
import { fileError, systemCode } from "../node/files/file-error.ts";
import { MetricsLog, type MetricsRecord, readMetrics, truncateMetrics } from "./metrics-log.ts";
import { kindOf, readOwnText } from "../node/files/safe-read.ts";
import { acquireRunLock } from "../node/files/run-lock.ts";

const maxRunInfoBytes = 1_000_000;

export interface LoadOptions {
  /** The checkpoint of this step; the latest where not given. */
  readonly step?: number;
  /** What the weights must be, by where training stood; held against the file before its data is read. */
  readonly weights?: (state: TrainingState) => TensorSpecs;
  /** What the optimizer's tensors must be. */
  readonly optimizer?: TensorSpecs;
}

/** What keeps a folder this process's to write. */
interface Writer {
  readonly metrics: MetricsLog;
  readonly release: () => Promise<void>;
}

export class RunFolder {
  /** As given by the caller; messages name files by it. */
  readonly path: string;
  #info: RunInfo;
  readonly #writer: Writer | null;

  private constructor(path: string, info: RunInfo, writer: Writer | null) {
    this.path = path;
    this.#info = info;
    this.#writer = writer;
  }

  /** What run.json holds. */
  get info(): RunInfo {
    return this.#info;
  }

  /** Makes a new run and locks it. Throws ConfigError where `path` is taken or the disk refuses. */
  static async create(path: string, info: RunInfo): Promise<RunFolder> {
    await refuseTaken(path);
    if (!(await makeRun(path, info))) throw taken(path, "a folder that another process has just made");
    return new RunFolder(path, info, await startWriting(path));
  }

  /** Makes a new run at the first of `<stem>-1`, `<stem>-2`, ... that is free, whoever else does the same, and locks it. */
  static async createNext(stem: string, info: RunInfo): Promise<RunFolder> {
    for (let n = 1; ; n++) {
      const path = `${stem}-${n}`;
      if ((await kindOf(path)) === "nothing" && (await makeRun(path, info)))
        return new RunFolder(path, info, await startWriting(path));
    }
  }

  /** Opens a run for reading, also while another process trains into it. Throws CheckpointError where it is not one. */
  static async open(path: string): Promise<RunFolder> {
    return new RunFolder(path, await readInfo(path), null);
  }

  /** Opens a run to go on training: locks it and removes what a killed process left unfinished. */
  static async resume(path: string): Promise<RunFolder> {
    return new RunFolder(path, await readInfo(path), await startWriting(path));
  }

  /** Steps that have a checkpoint, lowest first. */
  async checkpointSteps(): Promise<number[]> {
    return (await kindOf(this.#checkpoints)) === "nothing" ? [] : listCheckpoints(this.#checkpoints);
  }

  /** Where training stands by the latest checkpoint, or undefined before the first. Throws CheckpointError where it is damaged. */
  async latestState(): Promise<TrainingState | undefined> {
    const step = (await this.checkpointSteps()).at(-1);
    return step === undefined ? undefined : (await readState(this.#checkpoints, step)).state;
  }

  /**
   * Writes a checkpoint, then removes older ones but for the last `keepLast` and the best. The tensors are read until the
   * promise settles. A step that has a checkpoint keeps it: training is deterministic, so it holds the same.
   */
  async saveCheckpoint(checkpoint: Checkpoint, { keepLast = 3 }: { keepLast?: number } = {}): Promise<void> {
    const { metrics } = this.#writing();
    const { step, best } = checkpoint.state;
    const before = await this.checkpointSteps();
    if (before.includes(step)) return;
    // Metrics reach the disk first, so that no checkpoint is ahead of them.
    await metrics.sync();
    await writeCheckpoint(this.#checkpoints, checkpoint);
    const kept = new Set([
      ...[...before, step].toSorted((a, b) => a - b).slice(-Math.max(1, keepLast)),
      step,
      best?.step,
    ]);
    for (const old of before) {
      if (!kept.has(old)) await removeFolderAtomic(checkpointFolder(this.#checkpoints, old));
    }
  }

  /** Reads a checkpoint to train on from. Throws CheckpointError naming the file that is missing or damaged. */
  async loadCheckpoint(options: LoadOptions = {}): Promise<Checkpoint> {
    return this.#load(options, async (file) => ({
      state: file.state,
      weights: await readTensorFile(this.#checkpoints, file, "weights", options.weights?.(file.state)),
      optimizer: await readTensorFile(this.#checkpoints, file, "optimizer", options.optimizer),
    }));
  }

  /** Reads a checkpoint's weights only, to use the model. Throws CheckpointError. */
  async loadWeights(options: LoadOptions = {}): Promise<Pick<Checkpoint, "weights" | "state">> {
    return this.#load(options, async (file) => ({
      state: file.state,
      weights: await readTensorFile(this.#checkpoints, file, "weights", options.weights?.(file.state)),
    }));
  }

  async #load<T>({ step }: LoadOptions, read: (file: StateFile) => Promise<T>): Promise<T> {
    const steps = await this.checkpointSteps();
    const wanted = step ?? steps.at(-1);
    if (wanted === undefined)
      throw new CheckpointError(`${this.path}: no checkpoint yet, got none, expected at least one`);
    if (!steps.includes(wanted))
      throw new CheckpointError(
        `${this.path}: checkpoint is missing, got step ${wanted}, expected one of ${steps.join(", ") || "none yet"}`,
      );
    const readStep = async (at: number): Promise<T> => read(await readState(this.#checkpoints, at));
    try {
      return await readStep(wanted);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      for (const earlier of steps.filter((saved) => saved < wanted).toReversed()) {
        const whole = await readStep(earlier).then(
          () => true,
          () => false,
        );
        if (!whole) continue;
        const damaged = steps
          .filter((saved) => saved > earlier)
          .map((saved) => checkpointFolder(this.#checkpoints, saved));
        const remedy = `the checkpoint of step ${earlier} is whole: to take that one, delete ${damaged.join(" and ")}`;
        throw new CheckpointError(`${error.message}; ${remedy}`, { cause: error });
      }
      throw error;
    }
  }

  /** Forgets everything after `step`: later checkpoints, and metrics of later steps. Called before training goes on. */
  async rewind(step: number): Promise<void> {
    this.#writing();
    for (const later of (await this.checkpointSteps()).filter((saved) => saved > step)) {
      await removeFolderAtomic(checkpointFolder(this.#checkpoints, later));
    }
    await truncateMetrics(join(this.path, "metrics.jsonl"), step);
  }

  async appendMetrics(record: MetricsRecord): Promise<void> {
    await this.#writing().metrics.append(record);
  }

  /** Every record so far, oldest first. */
  metrics(): AsyncGenerator<MetricsRecord> {
    return readMetrics(join(this.path, "metrics.jsonl"));
  }

  /** Writes `samples/<name>` and returns its path. `name` is a plain file name of the program's own making. */
  async writeSample(name: string, content: FileContent): Promise<string> {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/.test(name)) throw new Error(`not a plain file name: ${name}`);
    this.#writing();
    const path = join(this.path, "samples", name);
    await writeFileAtomic(path, content);
    return path;
  }

  /** Replaces run.json, for a run whose settings change when it goes on, or that has come to its end. */
  async rewriteInfo(info: RunInfo): Promise<void> {
    this.#writing();
    await writeFileAtomic(join(this.path, "run.json"), runInfoText(info));
    this.#info = info;
  }

  /** Lets another process train into the run. */
  async close(): Promise<void> {
    await this.#writer?.metrics.close();
    await this.#writer?.release();
  }

  get #checkpoints(): string {
    return join(this.path, "checkpoints");
  }

  #writing(): Writer {
    if (this.#writer === null) throw new Error(`${this.path} was opened for reading`);
    return this.#writer;
  }
}

async function refuseTaken(path: string): Promise<void> {
  const kind = await kindOf(path);
  if (kind === "nothing") return;
  if (kind === "folder" && (await readdir(path)).length === 0) return;
  throw taken(path, kind === "folder" ? "a folder with files in it" : "a file or link");
}

const taken = (path: string, found: string): ConfigError =>
  new ConfigError(`--out: ${path} exists, got ${found}, expected a new folder, or --resume to go on with that run`);

/** Makes the folder with its run.json, or returns false where another process has just made it. */
async function makeRun(path: string, info: RunInfo): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (error) {
    throw fileError(error, path, "write");
  }
  try {
    await writeFolderAtomic(path, new Map([["run.json", runInfoText(info)]]));
    return true;
  } catch (error) {
    const code = error instanceof ConfigError ? systemCode(error.cause) : null;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

async function readInfo(path: string): Promise<RunInfo> {
  // The run folder itself may be reached through a link; what is in it may not be one.
  if ((await kindOf(`${path}/.`)) !== "folder") {
    const found = (await kindOf(path)) === "nothing" ? "nothing" : "a file";
    throw new CheckpointError(`${path}: not a run folder, got ${found}, expected a folder that latentkit train made`);
  }
  const file = join(path, "run.json");
  if ((await kindOf(file)) === "nothing") {
    throw new CheckpointError(
      `${path}: not a run folder, got no run.json, expected a folder that latentkit train made`,
    );
  }
  const info = parseRunInfo(await readOwnText(file, maxRunInfoBytes), file);
  for (const name of ["checkpoints", "samples"]) {
    const kind = await kindOf(join(path, name));
    if (kind === "file" || kind === "other") {
      throw new CheckpointError(
        `${join(path, name)}: not a folder, got a file or link, expected a folder of the run's own`,
      );
    }
  }
  return info;
}

async function startWriting(path: string): Promise<Writer> {
  const release = await acquireRunLock(path);
  try {
    for (const name of ["checkpoints", "samples"]) await mkdir(join(path, name), { recursive: true });
    for (const folder of [path, join(path, "checkpoints"), join(path, "samples")]) await removeTemporaries(folder);
    return { metrics: await MetricsLog.open(join(path, "metrics.jsonl")), release };
  } catch (error) {
    await release();
    throw fileError(error, path, "write");
  }
}
