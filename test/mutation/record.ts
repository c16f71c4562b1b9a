import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { Mutant } from "./mutant.ts";
import { keyOf } from "./mutant.ts";

/** What became of a mutant: the test file that failed, a timeout, or nothing: it survived all related tests. */
export interface Outcome extends Mutant {
  readonly killedBy?: string | undefined;
  readonly message?: string | undefined;
}

/** Outcomes by the key of their mutant, kept in a file. */
export class MutationRecord {
  readonly #path: string;
  readonly #outcomes = new Map<string, Outcome>();

  constructor(path: string) {
    this.#path = path;
    if (existsSync(path))
      for (const outcome of JSON.parse(readFileSync(path, "utf8")) as Outcome[])
        this.#outcomes.set(keyOf(outcome), outcome);
  }

  of(mutant: Mutant): Outcome | undefined {
    return this.#outcomes.get(keyOf(mutant));
  }

  add(outcome: Outcome): void {
    this.#outcomes.set(keyOf(outcome), outcome);
    writeFileSync(this.#path, `${JSON.stringify([...this.#outcomes.values()], undefined, 1)}\n`);
  }
}

/** A mutant that computes what the original does, and why. */
export interface Equivalent {
  readonly file: string;
  readonly code: string;
  readonly before: string;
  readonly after: string;
  readonly occurrence: number;
  readonly reason: string;
}

/** The committed list of equivalent mutants, by key. */
export const equivalents = (path: string): ReadonlyMap<string, Equivalent> =>
  new Map((JSON.parse(readFileSync(path, "utf8")) as Equivalent[]).map((each) => [keyOf(each), each]));
