/** Readers with the faults that a fuzzer is to find, for the tests of the harness itself. */
import { LatentkitError } from "../../src/errors.ts";
import type { Fuzzer, Read } from "./fuzzing/fuzzer.ts";

/** A reader with one fault among its first ten cases. */
const flawed = (name: string, fault: () => unknown): Fuzzer => ({
  name,
  seeds: () => [{ name: "a", bytes: new Uint8Array(16) }],
  reader: (): Read => {
    let cases = 0;
    return async () => {
      cases += 1;
      // A case that is looked at again is the only one.
      if (cases === 4 || process.argv.includes("3")) await fault();
      throw new LatentkitError("a: wrong, got it, expected another");
    };
  },
});

const held: Uint8Array[] = [];

export const fuzzers: readonly Fuzzer[] = [
  flawed("sound", () => undefined),
  flawed("type-error", () => {
    throw new TypeError("no such thing");
  }),
  flawed("endless", () => {
    for (;;);
  }),
  flawed("never", () => new Promise((resolve) => setTimeout(resolve, 60_000))),
  flawed("hungry", () => held.push(new Uint8Array(2 ** 30).fill(1))),
  flawed("later", () => {
    void Promise.reject(new RangeError("nobody waits for it"));
    return new Promise((resolve) => setTimeout(resolve, 100));
  }),
  flawed("dead", () => process.kill(process.pid, "SIGKILL")),
];
