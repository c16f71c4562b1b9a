import { printAside } from "./terminal.ts";

/** A progress line on stderr every two seconds. */
export class LineProgress {
  readonly #what: string;
  #shownMs = performance.now();

  constructor(what: string) {
    this.#what = what;
  }

  show(done: number, total: number, what = this.#what): void {
    if (performance.now() - this.#shownMs < 2000) return;
    this.#shownMs = performance.now();
    printAside(`${what}: ${done} of ${total}`);
  }
}
