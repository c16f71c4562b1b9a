/** Sends some items. Throws where they have not arrived, or `stop` is aborted first. */
export type Deliver<T> = (items: readonly T[], stop: AbortSignal) => Promise<void>;

export interface OutboxOptions {
  /** Items of one delivery. */
  readonly mostTogether: number;
  /** Items kept while deliveries fail; older ones are dropped. */
  readonly mostWaiting: number;
  /** Pause after a delivery that failed, doubled after each further one up to the longest. */
  readonly pauseMs: { readonly first: number; readonly longest: number };
}

/** What an outbox leaves behind. */
export interface Unsent {
  readonly count: number;
  /** Why the last delivery failed; undefined where it did not. */
  readonly reason: Error | undefined;
}

/** Items on their way to somewhere that may be slow, silent or gone. They are sent in order and in the background: who adds one never waits. */
export class Outbox<T> {
  readonly #deliver: Deliver<T>;
  readonly #options: OutboxOptions;
  readonly #stop = new AbortController();
  #waiting: T[] = [];
  #dropped = 0;
  #sending: Promise<void> | undefined;
  #closing = false;
  #endPause = (): void => {};
  #reason: Error | undefined;
  #news: Error | undefined;

  constructor(deliver: Deliver<T>, options: OutboxOptions) {
    this.#deliver = deliver;
    this.#options = options;
  }

  /** Items not delivered yet, but for those on their way. */
  get waiting(): number {
    return this.#waiting.length;
  }

  add(...items: readonly T[]): void {
    this.#waiting.push(...items);
    this.#bound();
  }

  /** Begins to send what waits, or nothing, unless that is under way. */
  send(): void {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  /** Why deliveries fail, once for each time they begin to. */
  takeNews(): Error | undefined {
    const news = this.#news;
    this.#news = undefined;
    return news;
  }

  /** Sends what still waits, until one more delivery fails or `limit` is aborted. */
  async close(limit: AbortSignal): Promise<Unsent> {
    const stop = (): void => this.#stop.abort(limit.reason);
    if (limit.aborted) stop();
    limit.addEventListener("abort", stop);
    this.#closing = true;
    this.#endPause();
    await this.#sending;
    const left = this.#waiting.length > 0 || this.#reason !== undefined;
    if (left && !limit.aborted) await this.#sendAll();
    limit.removeEventListener("abort", stop);
    return { count: this.#waiting.length + this.#dropped, reason: this.#reason };
  }

  async #sendAll(): Promise<void> {
    const { mostTogether, pauseMs } = this.#options;
    let pause = pauseMs.first;
    do {
      const items = this.#waiting.splice(0, mostTogether);
      try {
        await this.#deliver(items, this.#stop.signal);
        this.#reason = undefined;
        pause = pauseMs.first;
      } catch (error) {
        const reason = error instanceof Error ? error : new Error(String(error));
        if (this.#reason === undefined) this.#news = reason;
        this.#reason = reason;
        this.#waiting.unshift(...items);
        this.#bound();
        if (this.#closing) return;
        await this.#rest(pause);
        pause = Math.min(2 * pause, pauseMs.longest);
      }
    } while (this.#waiting.length > 0 || this.#reason !== undefined);
  }

  #rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #bound(): void {
    const over = this.#waiting.length - this.#options.mostWaiting;
    if (over <= 0) return;
    this.#waiting.splice(0, over);
    this.#dropped += over;
  }
}
