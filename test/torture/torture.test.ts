/** The short form of `npm run torture`: some cases of every fuzzer, a few kills, and the harness itself. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { install } from "../e2e/install.ts";
import { fuzzers } from "./fuzzers/index.ts";
import { caseFile, outcomeOf } from "./fuzzing/fuzzer.ts";
import { runFuzzer } from "./fuzzing/run-fuzzer.ts";
import { killedRuns } from "./kills.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-torture-"));
afterAll(() => {
  delete process.env["LATENTKIT_CACHE"];
  rmSync(folder, { recursive: true, force: true });
});

const CASES = 150;

test.each(fuzzers)("damaged files are read or refused in one line: $name", async ({ name, seeds, reader }) => {
  const [files, read] = [await seeds(), await reader(mkdtempSync(join(folder, "case-")))];
  for (const { name: file, bytes, pack } of files) {
    const whole = await outcomeOf(read, { name: file, bytes: pack?.(bytes) ?? bytes });
    expect(whole === "read" || whole === "refused", `${file}: ${JSON.stringify(whole)}`).toBe(true);
  }
  for (let index = 0; index < CASES; index++) {
    const outcome = await outcomeOf(read, caseFile(name, files, 0, index));
    expect(
      typeof outcome,
      `npm run torture -- --only ${name} --first ${index} --cases 1: ${JSON.stringify(outcome)}`,
    ).toBe("string");
  }
});

test("a case is a function of its fuzzer, seed and index", async () => {
  const [{ name, seeds }] = fuzzers as [(typeof fuzzers)[0]];
  const files = await seeds();
  expect(caseFile(name, files, 1, 7)).toEqual(caseFile(name, files, 1, 7));
  expect(caseFile(name, files, 1, 7)).not.toEqual(caseFile(name, files, 2, 7));
});

describe("the harness", () => {
  const module = join(import.meta.dirname, "flawed-fuzzers.ts");
  const found = async (name: string) => {
    const hangMs = name === "endless" || name === "never" ? 1000 : 10_000;
    return runFuzzer({ module, name, seed: 0, first: 0, end: 6, hangMs });
  };

  test("finds nothing where nothing is wrong", async () => {
    expect(await found("sound")).toEqual({ cases: 6, read: 0, findings: [] });
  });

  test.each([
    ["type-error", /^not a LatentkitError: TypeError: no such thing/],
    ["endless", /^no end within 1000 ms$/],
    ["never", /^no end within 1000 ms$/],
    ["hungry", /^memory: \d+ MiB at the peak$/],
    ["later", /^unhandledRejection: RangeError: nobody waits for it/],
    ["dead", /^the process died \(SIGKILL\)/],
  ])("finds the fault of %s", async (name, problem) => {
    const { cases, findings } = await found(name);
    expect(cases).toBe(6);
    expect(findings).toEqual([{ index: 3, problem: expect.stringMatching(problem) as string }]);
  });
});

test.each(["vae", "gan"] as const)(
  "%s: training that is killed twice ends with the bytes of one that is not",
  async (training) => {
    const latentkit = install();
    try {
      const { finished, findings } = await killedRuns(latentkit, {
        training,
        kills: 2,
        seed: 0,
        steps: 100,
        until: Infinity,
      });
      expect(findings).toEqual([]);
      expect(finished).toBeGreaterThan(0);
    } finally {
      await latentkit.remove();
    }
  },
);
