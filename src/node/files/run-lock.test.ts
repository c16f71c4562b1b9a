import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lockRounds, type LockRounds } from "../../../test/lock-rounds.ts";
import { type ProcessIdentity, thisProcess } from "./process-identity.ts";
import { acquireRunLock, byCreation } from "./run-lock.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "latentkit-lock-"));
  path = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true }));

const secondsAgo = (seconds: number): Date => new Date(Date.now() - 1000 * seconds);
const lockOf = (owner: Partial<ProcessIdentity>, since = new Date(), id: string = randomUUID()): string =>
  JSON.stringify({ ...thisProcess(), ...owner, id, since });
const onLinux = test.skipIf(process.platform !== "linux");
/** The highest id that Linux gives, which no process here has. */
const nobody = 4_194_304;

/** npm run torture asks for more. */
const rounds = Number(process.env["LOCK_ROUNDS"] ?? 60);

describe("two processes that start together", () => {
  const stale = (into: string): void => writeFileSync(join(into, "lock"), lockOf({ pid: nobody }));
  /** As where a process was killed between the two steps of succeeding another. */
  const halfSucceeded = (into: string): void => {
    const id = randomUUID();
    writeFileSync(join(into, "lock"), lockOf({ pid: nobody }, new Date(), id));
    const mark = createHash("sha256").update(id).digest("hex").slice(0, 16);
    writeFileSync(join(into, `.lock.${mark}.tmp`), lockOf({ pid: nobody }));
  };

  test.each<[string, Omit<LockRounds, "rounds">]>([
    ["a lock", {}],
    ["one that a dead process left", { before: stale }],
    ["one that a dead process was just taking over from another", { before: halfSucceeded }],
    ["one where files cannot be linked", { claim: "byCreation" }],
    ["one that a dead process left where files cannot be linked", { claim: "byCreation", before: stale }],
  ])("never share %s", async (_, options) => {
    expect(new Set(await lockRounds({ rounds, ...options }))).toEqual(new Set([1]));
  });
});

describe("who holds a lock", () => {
  test("this process, until it gives it up, and nothing is left", async () => {
    for (const claim of [undefined, byCreation]) {
      const release = await acquireRunLock(folder, claim);
      await expect(acquireRunLock(folder)).rejects.toThrow(
        `${folder}: another process is training into this run, got a lock of process ${process.pid}, 0 seconds old, expected none; wait for it, or delete ${path} if it is gone`,
      );
      await release();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  onLinux("a process with the same id that started at another time does not, as in a restarted container", async () => {
    writeFileSync(path, lockOf({ start: "1" }));
    await (
      await acquireRunLock(folder)
    )();
  });

  test.each([
    ["another machine", { host: "another-host" }, ' on host "another-host"'],
    ["another boot, or another container", { space: "another-boot pid:[1]" }, ""],
  ])("a process of %s does while it writes its lock, not when it has long not", async (_, owner, where) => {
    writeFileSync(path, lockOf(owner, secondsAgo(200)));
    const refused = acquireRunLock(folder);
    void setTimeout(500).then(() => utimesSync(path, secondsAgo(-1), secondsAgo(-1)));
    await expect(refused).rejects.toThrow(`got a lock of process ${process.pid}${where}, 3 minutes old, expected none`);
    utimesSync(path, secondsAgo(31), secondsAgo(31));
    await (
      await acquireRunLock(folder)
    )();
    expect(existsSync(path)).toBe(false);
  });

  test("an empty file does for a while: its maker is about to write it", async () => {
    writeFileSync(path, "");
    const refused = acquireRunLock(folder);
    void setTimeout(500).then(() => writeFileSync(path, lockOf({})));
    await expect(refused).rejects.toThrow(`got a lock of process ${process.pid}, `);
    writeFileSync(path, "");
    utimesSync(path, secondsAgo(31), secondsAgo(31));
    await (
      await acquireRunLock(folder)
    )();
  });

  test("whoever has taken it over since, when its first owner gives it up", async () => {
    const release = await acquireRunLock(folder);
    writeFileSync(path, lockOf({}));
    await release();
    await release();
    expect(existsSync(path)).toBe(true);
  });

  test("an owner writes its lock again and again", { timeout: 20_000 }, async () => {
    const release = await acquireRunLock(folder);
    const { mtimeMs, size } = statSync(path);
    await expect.poll(() => statSync(path).mtimeMs, { timeout: 10_000 }).toBeGreaterThan(mtimeMs);
    expect(statSync(path).size).toBe(size);
    await release();
  });
});
