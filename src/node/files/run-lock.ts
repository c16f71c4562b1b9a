/**
 * One writer per run: a file `lock` that names the process that trains into the folder. It appears complete, by a hard link, which
 * fails where there is one already. What a dead process left is replaced by a rename, which only one process may do: the one that
 * holds the lock of succeeding it.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { copyFile, link, lstat, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { z } from "zod";
import { CheckpointError, ConfigError } from "../../errors.ts";
import { matching, parseJsonObject } from "../../serialization/json.ts";
import type { StoreLock } from "../../runs/storage/store.ts";
import { quoted } from "../../serialization/quoted.ts";
import { fileError, systemCode } from "./file-error.ts";
import { isRunning, processIdentity, thisProcess } from "./process-identity.ts";
import { openOwnFile, readExactly } from "./safe-read.ts";

const ownerSchema = processIdentity.extend({ id: z.string().max(100), since: z.iso.datetime() });
type Owner = z.infer<typeof ownerSchema>;

const maxLockBytes = 4096;
/** An owner writes its lock again so often, for those who cannot see its process. */
const beatMs = 5_000;
/** It is dead to them when it has not for so long: a process may be busy for seconds. */
const silenceMs = 30_000;
const pollMs = 250;

/** Makes the file `path` of what is in `temporary`, or fails with EEXIST. */
export type Claim = (temporary: string, path: string) => Promise<void>;

const byLink: Claim = async (temporary, path) => {
  try {
    await link(temporary, path);
  } catch (error) {
    if (!withoutLinks.has(systemCode(error) ?? "")) throw error;
    await byCreation(temporary, path);
  }
};
/** What file systems without hard links answer: FAT, some network shares. */
const withoutLinks = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/** As exclusive, but the file is empty for an instant, and stays so where its maker is killed then: nobody's for half a minute. */
export const byCreation: Claim = (temporary, path) => copyFile(temporary, path, constants.COPYFILE_EXCL);

/** The lock of a run folder, held by this process. */
export interface RunLock extends StoreLock {
  /** Throws ConfigError where the lock has passed to another process, or is gone. */
  confirm(): Promise<void>;
}

/** Takes the lock of a run folder. Throws ConfigError where another process holds it. */
export async function acquireRunLock(folder: string, claim: Claim = byLink): Promise<RunLock> {
  const path = resolve(join(folder, "lock"));
  const owner: Owner = { ...thisProcess(), id: randomUUID(), since: new Date().toISOString() };
  const text = JSON.stringify(owner);
  try {
    await take(path, { folder, text, claim });
    const file = await openOwnFile(path, constants.O_WRONLY);
    // Another process takes over from one that it hears no beats of, as of a machine asleep, which has to notice when it wakes.
    let lost: ConfigError | undefined;
    const confirm = async (): Promise<void> => {
      try {
        lost ??= await lostTo(folder, { path, owner });
      } catch (error) {
        throw fileError(error, path, "read");
      }
      if (lost) throw lost;
    };
    // A beat that fails is missed: what is wrong with the disk is said by what else is written there.
    const beat = async (): Promise<void> => {
      await confirm();
      await file.write(text, 0);
    };
    const beats = setInterval(() => void beat().catch(() => {}), beatMs).unref();
    let released = false;
    return {
      confirm,
      check: () => {
        if (lost) throw lost;
      },
      release: async () => {
        if (released) return;
        released = true;
        clearInterval(beats);
        await file.close();
        if (!(await lostTo(folder, { path, owner }))) await rm(path, { force: true });
      },
    };
  } catch (error) {
    throw fileError(error, path, "write");
  }
}

/** How a process takes locks: what it writes into them, and how. */
interface Taker {
  readonly folder: string;
  readonly text: string;
  readonly claim: Claim;
}

async function take(path: string, taker: Taker): Promise<void> {
  for (;;) {
    const nowMs = await tryToClaim(path, taker);
    if (nowMs === undefined) return;
    const before = await holderAt(path);
    if (before === undefined || !(await isDead(before, { path, nowMs, taker }))) continue;
    const hash = createHash("sha256").update(before.mark).digest("hex").slice(0, 16);
    const succession = temporaryIn(path, hash);
    await take(succession, taker);
    // Whoever succeeded earlier has replaced the lock before giving this one up, and no mark comes twice.
    if ((await holderAt(path))?.mark === before.mark) return rename(succession, path);
    await rm(succession, { force: true });
  }
}

/** A name that `removeTemporaries` knows. */
const temporaryIn = (path: string, hex: string): string => join(dirname(path), `.lock.${hex}.tmp`);

/** Returns undefined, or the time by the clock of the file system where the path is taken. */
async function tryToClaim(path: string, { text, claim }: Taker): Promise<number | undefined> {
  const temporary = temporaryIn(path, randomBytes(8).toString("hex"));
  try {
    await writeFile(temporary, text, { flag: "wx" });
    const { mtimeMs } = await stat(temporary);
    try {
      await claim(temporary, path);
      return undefined;
    } catch (error) {
      // ENOENT: whoever has just taken the lock removes temporary files.
      if (systemCode(error) !== "EEXIST" && systemCode(error) !== "ENOENT") throw error;
      return mtimeMs;
    }
  } finally {
    await rm(temporary, { force: true });
  }
}

/** What lies at the path of a lock. */
interface Holder {
  /** Undefined where none can be read: a file of something else, or an empty one. */
  readonly owner: Owner | undefined;
  readonly empty: boolean;
  readonly writtenMs: number;
  /** Tells it from all that lay there earlier. */
  readonly mark: string;
}

async function holderAt(path: string): Promise<Holder | undefined> {
  const found = await lstat(path).catch(gone);
  if (!found) return undefined;
  const other = { owner: undefined, empty: false, writtenMs: found.mtimeMs, mark: `${found.ino} ${found.mtimeMs}` };
  if (!found.isFile()) return other;
  const file = await openOwnFile(path).catch(gone);
  if (!file) return undefined;
  try {
    const { size, mtimeMs } = await file.stat();
    if (size === 0 || size > maxLockBytes) return { ...other, empty: size === 0 };
    const bytes = new Uint8Array(size);
    await readExactly(file, bytes, 0, path);
    const owner = matching(ownerSchema, parseJsonObject(new TextDecoder().decode(bytes), path), path);
    return { owner, empty: false, writtenMs: mtimeMs, mark: owner.id };
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return other;
  } finally {
    await file.close();
  }
}

/** For what is removed or replaced while it is looked at. */
function gone(error: unknown): undefined {
  const code = systemCode(error instanceof ConfigError ? error.cause : error);
  if (code !== "ENOENT" && !(error instanceof CheckpointError)) throw error;
}

/** Whether nobody holds the lock that lies at `path`; false where something else lies there meanwhile. Throws where somebody does. */
async function isDead(
  { owner, empty, writtenMs, mark }: Holder,
  { path, nowMs, taker }: { readonly path: string; readonly nowMs: number; readonly taker: Taker },
): Promise<boolean> {
  if (!owner && !empty) return true;
  const running = owner && isRunning(owner);
  if (running) throw lockedBy(taker.folder, owner);
  if (running === false) return true;
  const until = performance.now() + silenceMs - (nowMs - writtenMs);
  while (performance.now() < until) {
    await setTimeout(pollMs);
    const next = await holderAt(path);
    if (next?.mark !== mark) return false;
    if (owner && next.writtenMs !== writtenMs) throw lockedBy(taker.folder, owner);
  }
  return true;
}

const lockedBy = (folder: string, owner: Owner): ConfigError =>
  new ConfigError(
    `${folder}: another process is training into this run, got ${described(owner)}, expected none; wait for it, or delete ${join(folder, "lock")} if it is gone`,
  );

/** What an owner is told whose lock it no longer is; undefined where it is. */
async function lostTo(
  folder: string,
  { path, owner }: { readonly path: string; readonly owner: Owner },
): Promise<ConfigError | undefined> {
  const holder = await holderAt(path);
  if (holder?.owner?.id === owner.id) return undefined;
  const found = holder?.owner ? described(holder.owner) : holder ? "a file that is no lock" : "no lock";
  return new ConfigError(
    `${folder}: the run is no longer this process's, which gave no sign of life for ${silenceMs / 1000} seconds or lost its lock, got ${found}, expected its own; nothing more is written`,
  );
}

function described({ pid, host, since }: Owner): string {
  const where = host === thisProcess().host ? "" : ` on host ${quoted(host)}`;
  return `a lock of process ${pid}${where}, ${age(since)} old`;
}

/** How long ago something was, such as `3 minutes`. */
function age(since: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1000));
  const units = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ] as const;
  const [unit, length] = units.find(([, least]) => seconds >= least) ?? units.at(-1)!;
  const count = Math.floor(seconds / length);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
