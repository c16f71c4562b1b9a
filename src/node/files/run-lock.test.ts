import { createHash, randomUUID } from "node:crypto";
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bundle } from "../../../test/bundle.ts";
import { lockRounds, type LockRounds } from "../../../test/lock-rounds.ts";
import { FileStore } from "./file-store.ts";
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
      const lock = await acquireRunLock(folder, claim);
      await expect(acquireRunLock(folder)).rejects.toThrow(
        `${folder}: another process is training into this run, got a lock of process ${process.pid}, 0 seconds old, expected none; wait for it, or delete ${path} if it is gone`,
      );
      await lock.release();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  onLinux("a process with the same id that started at another time does not, as in a restarted container", async () => {
    writeFileSync(path, lockOf({ start: "1" }));
    await (await acquireRunLock(folder)).release();
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
    await (await acquireRunLock(folder)).release();
    expect(existsSync(path)).toBe(false);
  });

  test("an empty file does for a while: its maker is about to write it", async () => {
    writeFileSync(path, "");
    const refused = acquireRunLock(folder);
    void setTimeout(500).then(() => writeFileSync(path, lockOf({})));
    await expect(refused).rejects.toThrow(`got a lock of process ${process.pid}, `);
    writeFileSync(path, "");
    utimesSync(path, secondsAgo(31), secondsAgo(31));
    await (await acquireRunLock(folder)).release();
  });

  test("whoever has taken it over since, when its first owner gives it up", async () => {
    const lock = await acquireRunLock(folder);
    writeFileSync(path, lockOf({}));
    await lock.release();
    await lock.release();
    expect(existsSync(path)).toBe(true);
  });

  test("an owner writes its lock again and again", { timeout: 20_000 }, async () => {
    const lock = await acquireRunLock(folder);
    const { mtimeMs, size } = statSync(path);
    await expect.poll(() => statSync(path).mtimeMs, { timeout: 10_000 }).toBeGreaterThan(mtimeMs);
    expect(statSync(path).size).toBe(size);
    await lock.release();
  });
});

describe("an owner that was stopped while another process took over", () => {
  let program: string;
  beforeAll(async () => {
    program = await bundle(join(import.meta.dirname, "../../../test/stopped-writer.ts"));
  });
  afterAll(() => rmSync(dirname(program), { recursive: true }));

  const state = (pid: number): string | undefined => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1];
  /** Every file with its content, and when it was changed. */
  const contents = (): Record<string, string> =>
    Object.fromEntries(
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .toSorted()
        .map((name) => {
          const found = statSync(join(folder, name));
          return [name, `${found.mtimeMs} ${found.isFile() ? readFileSync(join(folder, name), "latin1") : "folder"}`];
        }),
    );

  onLinux.each([
    "appends to a log",
    "opens a log",
    "writes a file",
    "is in the middle of a file",
    "is in the middle of a folder",
    "makes a folder",
    "removes a folder",
    "cuts a log",
    "writes nothing",
  ])("and %s ends in one line, and leaves everything as it is", { timeout: 30_000 }, async (work) => {
    const child = spawn(process.execPath, [program, folder, work], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      const said = text(child.stdout);
      await expect.poll(() => state(child.pid!), { timeout: 10_000 }).toBe("T");
      const own = JSON.parse(readFileSync(path, "utf8")) as { pid: number };
      expect(own.pid).toBe(child.pid);
      // As another machine sees it, half a minute after its last beat.
      writeFileSync(path, JSON.stringify({ ...own, host: "another-host" }));
      utimesSync(path, secondsAgo(31), secondsAgo(31));
      const next = new FileStore(folder);
      const lock = await next.lock(["samples"]);
      await next.write("samples/a", "of the next owner");
      const before = contents();
      child.kill("SIGCONT");
      expect(await said).toMatch(
        new RegExp(
          `^ConfigError: ${folder}: the run is no longer this process's, which gave no sign of life for 30 seconds or lost its lock, got a lock of process ${process.pid}, \\d seconds? old, expected its own; nothing more is written\n$`,
        ),
      );
      const { lock: _, ...after } = contents();
      const { lock: __, ...unchanged } = before;
      expect(after).toEqual(unchanged);
      lock.check();
      await lock.release();
      expect(existsSync(path)).toBe(false);
    } finally {
      child.kill("SIGKILL");
    }
  });

  test("or whose lock was deleted, ends too", async () => {
    const lock = await acquireRunLock(folder);
    await lock.confirm();
    rmSync(path);
    const gone = `${folder}: the run is no longer this process's, which gave no sign of life for 30 seconds or lost its lock, got no lock, expected its own; nothing more is written`;
    expect(() => lock.check()).not.toThrow();
    await expect(lock.confirm()).rejects.toThrow(gone);
    expect(() => lock.check()).toThrow(gone);
    await lock.release();
  });
});
