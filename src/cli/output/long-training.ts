import { durationText } from "./progress.ts";

/** Steps after the first, which may compile, that the estimate is of; slow steps are fewer. */
const timedSteps = 20;
const timedMs = 10_000;
/** Longer training is warned of. */
const longMs = 10 * 60_000;

/** Estimates from the first steps how long training takes, once. */
export class LongTraining {
  readonly #steps: number;
  readonly #now: () => number;
  #first: { readonly step: number; readonly ms: number } | undefined;
  #done = false;

  /** `steps`: the last step; `now`: milliseconds from any origin. */
  constructor(steps: number, now: () => number = () => performance.now()) {
    this.#steps = steps;
    this.#now = now;
  }

  /** To be called after every step: the warning, after the one that the estimate is made at, where training is long. */
  after(step: number): string | undefined {
    if (this.#done) return undefined;
    const ms = this.#now();
    if (!this.#first || step <= this.#first.step) {
      this.#first = { step, ms };
      return undefined;
    }
    const [steps, passed] = [step - this.#first.step, ms - this.#first.ms];
    if (steps < timedSteps && passed < timedMs) return undefined;
    this.#done = true;
    const left = ((this.#steps - step) * passed) / steps;
    if (left <= longMs) return undefined;
    const within = Math.max(1, Number(((steps * longMs) / passed).toPrecision(2)));
    return (
      `this takes about ${durationText(left / 1000)}: ${this.#steps - step} more steps at ${Number((1000 * (steps / passed)).toPrecision(2))} a second, unless validation ends it sooner; ` +
      `--steps ${within} takes about ${durationText(longMs / 1000)}, as do fewer --epochs`
    );
  }
}
