/**
 * Files and folders that appear complete or not at all: written under a temporary name beside the target, synced,
 * renamed, and the parent folder synced, so that neither a kill nor a power cut leaves half of one.
 */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { FileContent } from "../../runs/storage/store.ts";
import { fileError, systemCode } from "./file-error.ts";

/** Called before something appears or goes: where it throws, nothing does. */
type Confirm = () => Promise<void>;
const always: Confirm = () => Promise.resolve();

/** Replaces or makes the file `path`. Throws ConfigError, and leaves nothing behind, where the disk refuses. */
export async function writeFileAtomic(path: string, content: FileContent, confirm = always): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await writeSynced(temporary, content);
    await confirm();
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, path, "write");
  }
}

/**
 * Makes the folder `path` with these files (name -> content; names with slashes are in folders of it) in it. `path` must not exist or be empty.
 * Throws ConfigError, and leaves nothing behind, where the disk refuses.
 */
export async function writeFolderAtomic(
  path: string,
  files: ReadonlyMap<string, FileContent>,
  confirm = always,
): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await mkdir(temporary);
    for (const [name, content] of files) {
      if (name.includes("/")) await mkdir(dirname(join(temporary, name)), { recursive: true });
      await writeSynced(join(temporary, name), content);
    }
    await syncFolder(temporary);
    await confirm();
    await rmdir(path).catch((error: unknown) => {
      if (systemCode(error) !== "ENOENT") throw error;
    });
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw fileError(error, path, "write");
  }
}

/** Removes a folder so that a kill midway leaves only a temporary name, never half of the folder. */
export async function removeFolderAtomic(path: string): Promise<void> {
  const temporary = temporaryBeside(path);
  try {
    await rename(path, temporary);
    await rm(temporary, { recursive: true, force: true });
  } catch (error) {
    throw fileError(error, path, "write");
  }
}

/** Removes what killed writers left in `folder`. Only for a folder that nobody else is writing into. */
export async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (temporaryName.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

const temporaryName = /^\..+\.[0-9a-f]{16}\.tmp$/s;

function temporaryBeside(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(8).toString("hex")}.tmp`);
}

async function writeSynced(path: string, content: FileContent): Promise<void> {
  const file = await open(path, "wx");
  try {
    await writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  // Windows neither needs nor allows syncing a folder.
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
