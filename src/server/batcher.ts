import { OverloadedError } from "./problems.ts";

/** Some rows to be computed with others. */
export interface Rows<Inputs> {
  readonly inputs: Inputs;
  readonly rows: number;
  /** Only rows of the same are computed together. */
  readonly together?: string;
}

export interface BatcherOptions<Inputs, Outputs> {
  /** Computes requests of one `together`, in order, whose rows are at most `mostRows`, or one with more. */
  readonly run: (requests: readonly Rows<Inputs>[]) => Promise<readonly Outputs[]>;
  /** Rows of a batch. */
  readonly mostRows: number;
  /** How long the first of a batch waits for others while nothing runs, in milliseconds. */
  readonly delay: number;
  /** Rows that may wait; a request beyond them is refused. */
  readonly mostWaiting: number;
}

interface Waiting<Inputs, Outputs> extends Rows<Inputs> {
  readonly resolve: (outputs: Outputs) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Requests of one function, computed together: those that come while a batch runs are the next one, and the first that comes to an idle server waits a
 * moment for others. One batch runs at a time, so that the processor's threads are not shared.
 */
export class Batcher<Inputs, Outputs> {
  readonly #options: BatcherOptions<Inputs, Outputs>;
  #waiting: Waiting<Inputs, Outputs>[] = [];
  #waitingRows = 0;
  #running = false;
  #due: ReturnType<typeof setTimeout> | undefined;
  /** Seconds of a row in recent batches. */
  #secondsPerRow = 0;
  #idle: (() => void)[] = [];

  constructor(options: BatcherOptions<Inputs, Outputs>) {
    this.#options = options;
  }

  /** The outputs of some rows. Throws OverloadedError where too many wait. */
  submit(request: Rows<Inputs>): Promise<Outputs> {
    const { mostWaiting, mostRows, delay } = this.#options;
    if (this.#waitingRows > 0 && this.#waitingRows + request.rows > mostWaiting) {
      const seconds = Math.max(1, Math.ceil(this.#waitingRows * this.#secondsPerRow));
      throw new OverloadedError(
        `the server is busy, got ${this.#waitingRows} rows that wait, expected at most ${mostWaiting}; come again in ${seconds} s`,
        seconds,
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...request, resolve, reject });
      this.#waitingRows += request.rows;
      if (this.#running) return;
      if (this.#waitingRows >= mostRows) void this.#drain();
      else this.#due ??= setTimeout(() => void this.#drain(), delay);
    });
  }

  /** Resolves once nothing waits or runs. */
  async finished(): Promise<void> {
    if (this.#running || this.#waiting.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #drain(): Promise<void> {
    clearTimeout(this.#due);
    this.#due = undefined;
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0) {
      // In a turn of its own: what has arrived is read before, to be computed together, and refused where it is too much.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#runNext();
    }
    this.#running = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #runNext(): Promise<void> {
    const batch = this.#takeBatch();
    const taken = batch.reduce((sum, request) => sum + request.rows, 0);
    this.#waitingRows -= taken;
    const start = performance.now();
    try {
      const outputs = await this.#options.run(batch);
      batch.forEach(({ resolve }, i) => resolve(outputs[i]!));
    } catch (error) {
      // One request that cannot be computed fails none of the others.
      if (batch.length === 1) batch[0]!.reject(error);
      else for (const request of batch) await this.#runAlone(request);
    }
    const seconds = (performance.now() - start) / 1000 / taken;
    this.#secondsPerRow = this.#secondsPerRow === 0 ? seconds : 0.8 * this.#secondsPerRow + 0.2 * seconds;
  }

  async #runAlone(request: Waiting<Inputs, Outputs>): Promise<void> {
    try {
      const [outputs] = await this.#options.run([request]);
      request.resolve(outputs!);
    } catch (error) {
      request.reject(error);
    }
  }

  /** Takes the first of those that wait, with the next ones that may be computed with it. */
  #takeBatch(): readonly Waiting<Inputs, Outputs>[] {
    const [first] = this.#waiting;
    const batch: Waiting<Inputs, Outputs>[] = [];
    const others: Waiting<Inputs, Outputs>[] = [];
    let rows = 0;
    for (const request of this.#waiting) {
      // Those of a kind keep their order: none overtakes one that had no room.
      const fits = batch.length === 0 || rows + request.rows <= this.#options.mostRows;
      if (request.together === first!.together && fits) batch.push(request);
      else others.push(request);
      if (request.together === first!.together) rows += request.rows;
    }
    this.#waiting = others;
    return batch;
  }
}
