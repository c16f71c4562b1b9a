import { constants, type Dirent } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { ConfigError } from "../../errors.ts";
import {
  checkName,
  type FileContent,
  foldersAround,
  notAFolder,
  type RunStore,
  type StoredFile,
  type StoredKind,
  type StoredLog,
  type StoreLock,
} from "../../runs/storage/store.ts";
import { removeFolderAtomic, removeTemporaries, writeFileAtomic, writeFolderAtomic } from "./atomic-write.ts";
import { fileError, systemCode } from "./file-error.ts";
import { acquireRunLock, type RunLock } from "./run-lock.ts";
import { kindOf, openOwnFile, readExactly } from "./safe-read.ts";

/** A run in a folder. The folder itself may be reached through a link; what is in it may not be one. */
export class FileStore implements RunStore {
  readonly path: string;
  /** Half of this machine's memory. */
  readonly mostBytes = Math.floor(totalmem() / 2);
  #lock: RunLock | undefined;

  constructor(path: string) {
    this.path = path;
  }

  pathOf(name: string): string {
    checkName(name);
    return name === "" ? this.path : join(this.path, name);
  }

  async kindOf(name: string): Promise<StoredKind> {
    if (name === "") return (await kindOf(`${this.path}/.`)) === "folder" ? "folder" : kindOf(this.path);
    return (await this.#lies(name)) ? kindOf(this.pathOf(name)) : "nothing";
  }

  async create(files: ReadonlyMap<string, FileContent>): Promise<string | undefined> {
    const kind = await kindOf(this.path);
    if (kind === "file" || kind === "other") return "a file or link";
    try {
      if (kind === "folder" && (await readdir(this.path)).length > 0) return "a folder with files in it";
      await mkdir(dirname(this.path), { recursive: true });
    } catch (error) {
      throw fileError(error, this.path, "write");
    }
    try {
      await writeFolderAtomic(this.path, files);
      return undefined;
    } catch (error) {
      const code = error instanceof ConfigError ? systemCode(error.cause) : null;
      if (code === "ENOTEMPTY" || code === "EEXIST") return "a folder that another process has just made";
      throw error;
    }
  }

  async lock(folders: readonly string[]): Promise<StoreLock> {
    const lock = await acquireRunLock(this.path);
    const release = async (): Promise<void> => {
      if (this.#lock === lock) this.#lock = undefined;
      await lock.release();
    };
    this.#lock = lock;
    try {
      for (const folder of folders) await this.makeFolder(folder);
      for (const folder of ["", ...folders]) await removeTemporaries(this.pathOf(folder));
      return { check: () => lock.check(), release };
    } catch (error) {
      await release();
      throw fileError(error, this.path, "write");
    }
  }

  /** Writes as the holder of the lock, where this is one: it may have passed to another process while this one was stopped. */
  async #writing(write: (confirm: () => Promise<void>) => Promise<void>): Promise<void> {
    const lock = this.#lock;
    const confirm = async (): Promise<void> => lock?.confirm();
    await confirm();
    try {
      await write(confirm);
    } catch (error) {
      // Its new holder removes what is unfinished, which is then missing here.
      await confirm();
      throw error;
    }
  }

  async open(name: string): Promise<StoredFile> {
    const path = await this.#within(name);
    const file = await openOwnFile(path);
    try {
      const { size } = await file.stat();
      return {
        size,
        read: (into, at) => readExactly(file, into, at, path),
        close: () => file.close(),
      };
    } catch (error) {
      await file.close();
      throw fileError(error, path, "read");
    }
  }

  async folders(name: string): Promise<readonly string[]> {
    return (await this.#entries(name)).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  }

  async files(name: string): Promise<readonly string[]> {
    return (await this.#entries(name)).filter((entry) => entry.isFile()).map((entry) => entry.name);
  }

  async #entries(name: string): Promise<readonly Dirent[]> {
    const path = await this.#within(name);
    try {
      return await readdir(path, { withFileTypes: true });
    } catch (error) {
      throw fileError(error, path, "read");
    }
  }

  async makeFolder(name: string): Promise<void> {
    const path = await this.#within(name);
    const kind = await this.kindOf(name);
    if (kind === "file" || kind === "other") throw notAFolder(path);
    if (kind === "folder") return;
    await this.#writing(async () => {
      try {
        await mkdir(path, { recursive: true });
      } catch (error) {
        throw fileError(error, path, "write");
      }
    });
  }

  async write(name: string, content: FileContent): Promise<void> {
    const path = await this.#within(name);
    await this.#writing((confirm) => writeFileAtomic(path, content, confirm));
  }

  async writeFolder(name: string, files: ReadonlyMap<string, FileContent>): Promise<void> {
    const path = await this.#within(name);
    await this.#writing((confirm) => writeFolderAtomic(path, files, confirm));
  }

  async removeFolder(name: string): Promise<void> {
    const path = await this.#within(name);
    await this.#writing(() => removeFolderAtomic(path));
  }

  async openLog(name: string): Promise<StoredLog> {
    const path = await this.#within(name);
    await this.#lock?.confirm();
    const file = await openOwnFile(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT);
    const tried = async (what: Promise<void>): Promise<void> => {
      try {
        await what;
      } catch (error) {
        throw fileError(error, path, "write");
      }
    };
    return {
      append: (content) => this.#writing(() => tried(file.writeFile(content))),
      sync: () => tried(file.sync()),
      close: () => file.close(),
    };
  }

  async truncate(name: string, size: number): Promise<void> {
    const path = await this.#within(name);
    const file = await openOwnFile(path, constants.O_WRONLY);
    try {
      await this.#writing(() => file.truncate(size));
    } catch (error) {
      throw fileError(error, path, "write");
    } finally {
      await file.close();
    }
  }

  /** The path of a file. Throws CheckpointError where a folder that it lies in is something else, such as a link. */
  async #within(name: string): Promise<string> {
    await this.#lies(name);
    return this.pathOf(name);
  }

  /** Whether the folders are there that a file lies in. */
  async #lies(name: string): Promise<boolean> {
    for (const folder of foldersAround(name)) {
      const path = this.pathOf(folder);
      const kind = await kindOf(path);
      if (kind === "nothing") return false;
      if (kind !== "folder") throw notAFolder(path);
    }
    return true;
  }
}
