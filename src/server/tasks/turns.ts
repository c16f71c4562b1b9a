import { GoneError, OverloadedError } from "../problems.ts";

/** Work that is done one at a time, in the order it came: each takes all of the device for long. */
export class Turns {
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = false;
  /** Seconds that the last work took. */
  #seconds = 0;
  #idle: (() => void)[] = [];

  /** `mostWaiting`: beside the one that runs. */
  constructor(mostWaiting: number) {
    this.#mostWaiting = mostWaiting;
  }

  /**
   * Does some work when its turn comes. Throws OverloadedError at once where too many wait; fails with GoneError, and gives up its place, where the
   * client goes away while it waits.
   */
  take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const waiting = this.#waiting.length;
    if (this.#running && waiting >= this.#mostWaiting) {
      const seconds = Math.max(1, Math.ceil((waiting + 1) * this.#seconds));
      throw new OverloadedError(
        `the server is busy, got ${waiting} that wait, expected at most ${this.#mostWaiting}; come again in ${seconds} s`,
        seconds,
      );
    }
    return this.#take(work, signal);
  }

  /** Resolves once nothing waits or runs. */
  async finished(): Promise<void> {
    if (this.#running) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#running) await this.#turn(signal);
    this.#running = true;
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.#seconds = (performance.now() - start) / 1000;
      // The next one goes on with what is running.
      const next = this.#waiting.shift();
      if (next) next();
      else {
        this.#running = false;
        for (const resolve of this.#idle.splice(0)) resolve();
      }
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(gone());
      };
      this.#waiting.push(turn);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}

export const gone = (): GoneError => new GoneError("client: it went away, got no reader, expected one");
