/**
 * A run in its store: `run.json`, `metrics.jsonl`, `checkpoints/`, `samples/` and, while it trains, a lock.
 *
 * A kill at any instant loses at most what came after the last checkpoint. A run from elsewhere is data only: no name in its files
 * is ever used as the name of another.
 */
import { CheckpointError, ConfigError } from "../errors.ts";
import type { Checkpoint, StateFile, TensorSpecs, TrainingState } from "../training/checkpoint.ts";
import {
  checkpointFolder,
  checkpointsFolder,
  listCheckpoints,
  readState,
  readTensorFile,
  writeCheckpoint,
} from "./storage/checkpoints.ts";
import { appendRecord, metricsFile, type MetricsRecord, readMetrics, truncateMetrics } from "./storage/metrics-log.ts";
import { parseRunInfo, type RunInfo, runInfoText } from "./run-info.ts";
import { makeNextPlace, makePlace, placeTaken } from "./storage/new-place.ts";
import {
  type FileContent,
  notAFolder,
  readText,
  type RunStore,
  type StoredLog,
  type StoreLock,
} from "./storage/store.ts";

export const infoFile = "run.json";
export const samplesFolder = "samples";
/** A run whose codes this one is trained on, where both were trained as one. */
export const codesFolder = "codes";
/** What such a run is to be, until its first stage has come to its end. */
export const requestFile = "request.json";
/** Of run.json: most are a few kilobytes, the quantiles and categories of a wide table megabytes. */
const maxRunInfoBytes = 16_000_000;

export interface LoadOptions {
  /** The checkpoint of this step; the latest where not given. */
  readonly step?: number;
  /** What the weights must be, by where training stood; held against the file before its data is read. */
  readonly weights?: (state: TrainingState) => TensorSpecs;
  /** What the optimizer's tensors must be. */
  readonly optimizer?: TensorSpecs;
}

/** What keeps a run this process's to write. */
interface Writer {
  readonly metrics: StoredLog;
  readonly lock: StoreLock;
}

/** A run in its store: its settings, its metrics and its checkpoints. */
export class Run {
  readonly store: RunStore;
  #info: RunInfo;
  #amended = Promise.resolve();
  readonly #writer: Writer | null;

  private constructor(store: RunStore, info: RunInfo, writer: Writer | null) {
    this.store = store;
    this.#info = info;
    this.#writer = writer;
  }

  /** The run as messages name it. */
  get path(): string {
    return this.store.path;
  }

  /** What run.json holds. */
  get info(): RunInfo {
    return this.#info;
  }

  /** Makes a new run and locks it. Throws ConfigError where its place is taken or the disk refuses. */
  static async create(store: RunStore, info: RunInfo): Promise<Run> {
    await makePlace(store, filesOf(info));
    return new Run(store, info, await startWriting(store));
  }

  /** Makes a run at a place that is there already, with its first stage in it, and locks it. */
  static async createAround(store: RunStore, info: RunInfo): Promise<Run> {
    const files = filesOf(info);
    const writer = await startWriting(store);
    const run = new Run(store, info, writer);
    // Another process may have had the same in mind.
    if ((await store.kindOf(infoFile)) !== "nothing") {
      await run.close();
      throw placeTaken(store, "a run");
    }
    for (const [name, content] of files) await store.write(name, content);
    return run;
  }

  /** Makes a new run at the first of `<stem>-1`, `<stem>-2`, ... that is free, whoever else does the same, and locks it. */
  static async createNext(openStore: (path: string) => RunStore, stem: string, info: RunInfo): Promise<Run> {
    const store = await makeNextPlace(openStore, stem, filesOf(info));
    return new Run(store, info, await startWriting(store));
  }

  /** Opens a run for reading, also while another process trains into it. Throws CheckpointError where it is not one. */
  static async open(store: RunStore): Promise<Run> {
    return new Run(store, await readInfo(store), null);
  }

  /** Opens a run to resume training: locks it and removes what a killed process left unfinished. */
  static async resume(store: RunStore): Promise<Run> {
    return new Run(store, await readInfo(store), await startWriting(store));
  }

  /** Steps that have a checkpoint, lowest first. */
  checkpointSteps(): Promise<number[]> {
    return listCheckpoints(this.store);
  }

  /** Where training stands by the latest checkpoint, or undefined before the first. Throws CheckpointError where it is damaged. */
  async latestState(): Promise<TrainingState | undefined> {
    const step = (await this.checkpointSteps()).at(-1);
    return step === undefined ? undefined : (await readState(this.store, step)).state;
  }

  /** SHA-256 of the weights of a checkpoint. Throws CheckpointError where it is damaged. */
  async weightsDigest(step: number): Promise<string> {
    return (await readState(this.store, step)).sha256.weights;
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
    await writeCheckpoint(this.store, checkpoint);
    const kept = new Set([
      ...[...before, step].toSorted((a, b) => a - b).slice(-Math.max(1, keepLast)),
      step,
      best?.step,
    ]);
    for (const old of before) {
      if (!kept.has(old)) await this.store.removeFolder(checkpointFolder(old));
    }
  }

  /** Reads a checkpoint to train on from. Throws CheckpointError naming the file that is missing or damaged. */
  async loadCheckpoint(options: LoadOptions = {}): Promise<Checkpoint> {
    return this.#load(options, async (file) => ({
      state: file.state,
      weights: await readTensorFile(this.store, file, "weights", options.weights?.(file.state)),
      optimizer: await readTensorFile(this.store, file, "optimizer", options.optimizer),
    }));
  }

  /** Reads a checkpoint's weights only, to use the model. Throws CheckpointError. */
  async loadWeights(options: LoadOptions = {}): Promise<Pick<Checkpoint, "weights" | "state">> {
    return this.#load(options, async (file) => ({
      state: file.state,
      weights: await readTensorFile(this.store, file, "weights", options.weights?.(file.state)),
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
    const readStep = async (at: number): Promise<T> => read(await readState(this.store, at));
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
          .map((saved) => this.store.pathOf(checkpointFolder(saved)));
        const remedy = `the checkpoint of step ${earlier} is whole: to take that one, delete ${damaged.join(" and ")}`;
        throw new CheckpointError(`${error.message}; ${remedy}`, { cause: error });
      }
      throw error;
    }
  }

  /** Forgets everything after `step`: later checkpoints, and metrics of later steps. Called before training is resumed. */
  async rewind(step: number): Promise<void> {
    this.#writing();
    for (const later of (await this.checkpointSteps()).filter((saved) => saved > step)) {
      await this.store.removeFolder(checkpointFolder(later));
    }
    await truncateMetrics(this.store, step);
  }

  async appendMetrics(record: MetricsRecord): Promise<void> {
    await appendRecord(this.#writing().metrics, record);
  }

  /** Every record so far, oldest first. */
  metrics(): AsyncGenerator<MetricsRecord> {
    return readMetrics(this.store);
  }

  /**
   * Writes `samples/<name>`, also while another process trains into the run, and returns its path. `name` is a plain file name of
   * the program's own making.
   */
  async writeSample(name: string, content: FileContent): Promise<string> {
    if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/.test(name)) throw new Error(`not a plain file name: ${name}`);
    await this.store.makeFolder(samplesFolder);
    const file = `${samplesFolder}/${name}`;
    await this.store.write(file, content);
    return this.store.pathOf(file);
  }

  /** Changes fields of run.json, for a run that is resumed with other settings, has come to its end, or is known elsewhere. */
  async amendInfo(change: Partial<RunInfo>): Promise<void> {
    this.#writing();
    // One after the other: who amends may do so beside training.
    const before = this.#amended;
    const amended = (async () => {
      await before.catch(() => {});
      const info = { ...this.#info, ...change };
      await this.store.write(infoFile, runInfoText(info));
      this.#info = info;
    })();
    this.#amended = amended;
    await amended;
  }

  /** Throws ConfigError where another process has taken the run over, as far as is known: every write makes sure. */
  checkLock(): void {
    this.#writing().lock.check();
  }

  /** Lets another process train into the run. */
  async close(): Promise<void> {
    await this.#writer?.metrics.close();
    await this.#writer?.lock.release();
  }

  #writing(): Writer {
    if (this.#writer === null) throw new Error(`${this.path} was opened for reading`);
    return this.#writer;
  }
}

/** Throws ConfigError where run.json would be too large to be read again. */
function filesOf(info: RunInfo): ReadonlyMap<string, FileContent> {
  const text = runInfoText(info);
  const { length } = new TextEncoder().encode(text);
  if (length > maxRunInfoBytes)
    throw new ConfigError(
      `train: the data have too many columns or categories to be described in run.json, got ${length} bytes, expected at most ${maxRunInfoBytes}; --drop leaves columns out`,
    );
  return new Map([[infoFile, text]]);
}

async function readInfo(store: RunStore): Promise<RunInfo> {
  const refused = (found: string): CheckpointError =>
    new CheckpointError(`${store.path}: not a run folder, got ${found}, expected a folder that latentkit train made`);
  const kind = await store.kindOf("");
  if (kind !== "folder") throw refused(kind === "nothing" ? "nothing" : "a file");
  if ((await store.kindOf(infoFile)) === "nothing") {
    if ((await store.kindOf(requestFile)) === "nothing") throw refused("no run.json");
    throw new CheckpointError(
      `${store.path}: not trained yet, got the first of its two stages, expected both; latentkit train MODEL --out ${store.path} --resume trains on`,
    );
  }
  const info = parseRunInfo(await readText(store, infoFile, maxRunInfoBytes), store.pathOf(infoFile));
  for (const name of [checkpointsFolder, samplesFolder]) {
    const found = await store.kindOf(name);
    if (found === "file" || found === "other") throw notAFolder(store.pathOf(name));
  }
  return info;
}

async function startWriting(store: RunStore): Promise<Writer> {
  const lock = await store.lock([checkpointsFolder, samplesFolder]);
  try {
    return { metrics: await store.openLog(metricsFile), lock };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
