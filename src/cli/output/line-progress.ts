import { printAside } from "./terminal.ts";

/** Shows the training of a feature extractor. */
export function extractorProgress(): (step: number, steps: number) => void {
  const lines = new LineProgress("training the extractor");
  return (step, steps) => lines.show(step, steps);
}

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
