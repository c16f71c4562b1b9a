/** One writer per run: a file `lock` that holds the process id and host of the process that trains into the folder. */
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { CheckpointError, ConfigError } from "../../errors.ts";
import { matching, parseJsonObject } from "../../serialization/json.ts";
import { quoted } from "../../serialization/quoted.ts";
import { fileError, systemCode } from "./file-error.ts";
import { readOwnText } from "./safe-read.ts";

const ownerSchema = z.strictObject({ pid: z.int().positive(), host: z.string().max(300) });
const maxLockBytes = 4096;

/** Locks held by this process: a lock with our own process id that is not among them is from an earlier process. */
const held = new Set<string>();

/** Takes the lock of a run folder and returns its release. Throws ConfigError where another process holds it. */
export async function acquireRunLock(folder: string): Promise<() => Promise<void>> {
  const path = resolve(join(folder, "lock"));
  try {
    await refuseLiveOwner(folder, path);
    await rm(path, { force: true });
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
    try {
      await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname() }));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === "EEXIST") throw lockedBy(folder, "another process that has just started");
    throw fileError(error, path, "write");
  }
  held.add(path);
  let released = false;
  return async () => {
    // Called again, it would remove the lock of whoever holds it by then.
    if (released) return;
    released = true;
    held.delete(path);
    await rm(path, { force: true });
  };
}

async function refuseLiveOwner(folder: string, path: string): Promise<void> {
  let owner;
  try {
    owner = matching(ownerSchema, parseJsonObject(await readOwnText(path, maxLockBytes), path), path);
  } catch (error) {
    // No lock, a torn one, or something that is no lock: nobody holds it.
    if (error instanceof CheckpointError) return;
    throw error;
  }
  if (owner.host !== hostname()) throw lockedBy(folder, `process ${owner.pid} on host ${quoted(owner.host)}`);
  const alive = owner.pid === process.pid ? held.has(path) : isAlive(owner.pid);
  if (alive) throw lockedBy(folder, `process ${owner.pid}`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === "EPERM";
  }
}

function lockedBy(folder: string, owner: string): ConfigError {
  return new ConfigError(
    `${folder}: another process is training into this run, got a lock of ${owner}, expected none; wait for it, or delete ${join(folder, "lock")} if it is gone`,
  );
}
