import { CheckpointError, ConfigError } from "../../errors.ts";
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
} from "./store.ts";

/** A file's bytes, with room for more behind them. */
interface MemoryFile {
  bytes: Uint8Array;
  size: number;
}

/**
 * A run in memory, for tests and for a browser: it is gone with the process or the page.
 *
 * @example
 * const store = new MemoryStore("runs/first");
 * await store.create(new Map([["notes/first.txt", "a run without a disk"]]));
 * await store.kindOf("notes/first.txt"); // "file"
 */
export class MemoryStore implements RunStore {
  readonly path: string;
  readonly mostBytes = 2 ** 31 - 1;
  readonly #files = new Map<string, MemoryFile>();
  readonly #folders = new Set<string>();
  #locked = false;

  constructor(path: string) {
    this.path = path;
  }

  pathOf(name: string): string {
    checkName(name);
    return name === "" ? this.path : `${this.path}/${name}`;
  }

  kindOf(name: string): Promise<StoredKind> {
    const kind = this.#kind(name);
    return Promise.resolve(kind);
  }

  async create(files: ReadonlyMap<string, FileContent>): Promise<string | undefined> {
    const inWay = (): string | undefined => (this.#files.size > 0 ? "a folder with files in it" : undefined);
    if (inWay() !== undefined) return inWay();
    const made = await collected(files);
    // Somebody else may have made it meanwhile.
    if (inWay() !== undefined) return inWay();
    this.#folders.add("");
    for (const [name, file] of made) this.#files.set(name, file);
    return undefined;
  }

  async lock(folders: readonly string[]): Promise<StoreLock> {
    if (this.#locked)
      throw new ConfigError(
        `${this.path}: another process is training into this run, got a lock of this one, expected none; close that training first`,
      );
    this.#locked = true;
    for (const folder of folders) await this.makeFolder(folder);
    let released = false;
    return {
      check: () => {},
      release: () => {
        if (!released) this.#locked = false;
        released = true;
        return Promise.resolve();
      },
    };
  }

  async open(name: string): Promise<StoredFile> {
    const { bytes, size } = this.#file(name);
    return Promise.resolve({
      size,
      read: async (into, at) => {
        if (at + into.byteLength > size)
          throw new CheckpointError(
            `${this.pathOf(name)}: truncated, got ${size} bytes, expected ${at + into.byteLength}`,
          );
        into.set(bytes.subarray(at, at + into.byteLength));
        return Promise.resolve();
      },
      close: () => Promise.resolve(),
    });
  }

  folders(name: string): Promise<readonly string[]> {
    return this.#namesIn(name, this.#folders);
  }

  files(name: string): Promise<readonly string[]> {
    return this.#namesIn(name, this.#files.keys());
  }

  async #namesIn(folder: string, names: Iterable<string>): Promise<readonly string[]> {
    this.#inFolder(folder);
    const start = folder === "" ? "" : `${folder}/`;
    return Promise.resolve(
      [...names]
        .filter((name) => name !== "" && name.startsWith(start))
        .map((name) => name.slice(start.length))
        .filter((name) => !name.includes("/")),
    );
  }

  async makeFolder(name: string): Promise<void> {
    for (const folder of ["", ...foldersAround(name), name]) {
      if (this.#kind(folder) === "file") throw notAFolder(this.pathOf(folder));
      this.#folders.add(folder);
    }
    return Promise.resolve();
  }

  async write(name: string, content: FileContent): Promise<void> {
    const file = await collectedFile(content);
    this.#put(name, file);
  }

  async writeFolder(name: string, files: ReadonlyMap<string, FileContent>): Promise<void> {
    const made = await collected(files);
    if ([...this.#files.keys()].some((file) => file.startsWith(`${name}/`)))
      throw this.#refused(name, "a folder with files in it", "none or an empty one");
    this.#inFolder(parentOf(name));
    this.#folders.add(name);
    for (const [file, content] of made) this.#put(`${name}/${file}`, content);
  }

  async removeFolder(name: string): Promise<void> {
    this.#inFolder(name);
    for (const names of [this.#files, this.#folders])
      for (const each of names.keys()) if (each === name || each.startsWith(`${name}/`)) names.delete(each);
    return Promise.resolve();
  }

  async openLog(name: string): Promise<StoredLog> {
    if (this.#kind(name) === "nothing") this.#put(name, { bytes: new Uint8Array(1024), size: 0 });
    const file = this.#file(name);
    return Promise.resolve({
      append: (content) => {
        append(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
        return Promise.resolve();
      },
      sync: () => Promise.resolve(),
      close: () => Promise.resolve(),
    });
  }

  async truncate(name: string, size: number): Promise<void> {
    const file = this.#file(name);
    file.size = Math.min(size, file.size);
    return Promise.resolve();
  }

  #kind(name: string): StoredKind {
    checkName(name);
    for (const folder of foldersAround(name)) if (this.#files.has(folder)) throw notAFolder(this.pathOf(folder));
    if (this.#files.has(name)) return "file";
    return this.#folders.has(name) ? "folder" : "nothing";
  }

  #file(name: string): MemoryFile {
    const kind = this.#kind(name);
    if (kind === "folder")
      throw new CheckpointError(`${this.pathOf(name)}: not a file, got a folder, expected a regular file`);
    const file = this.#files.get(name);
    if (!file) throw new CheckpointError(`${this.pathOf(name)}: missing, got nothing, expected a file`);
    return file;
  }

  #put(name: string, file: MemoryFile): void {
    if (this.#kind(name) === "folder") throw this.#refused(name, "a folder", "a file or none");
    if (this.#kind(parentOf(name)) !== "folder") throw this.#refused(name, "no folder around it", "one");
    this.#files.set(name, file);
  }

  /** Throws ConfigError where a folder is not there. */
  #inFolder(name: string): void {
    if (this.#kind(name) !== "folder") throw this.#refused(name, "no folder", "one");
  }

  #refused(name: string, got: string, expected: string): ConfigError {
    return new ConfigError(`${this.pathOf(name)}: cannot write, got ${got}, expected ${expected}`);
  }
}

/** Runs in memory by their paths: the same path is the same run as long as the function lives. */
export function memoryStores(): (path: string) => RunStore {
  const stores = new Map<string, RunStore>();
  return (path) => {
    const store = stores.get(path) ?? new MemoryStore(path);
    stores.set(path, store);
    return store;
  };
}

const parentOf = (name: string): string => foldersAround(name).at(-1) ?? "";

function append(file: MemoryFile, more: Uint8Array): void {
  const size = file.size + more.byteLength;
  if (size > file.bytes.byteLength) {
    const room = new Uint8Array(2 * size);
    room.set(file.bytes.subarray(0, file.size));
    file.bytes = room;
  }
  file.bytes.set(more, file.size);
  file.size = size;
}

async function collected(files: ReadonlyMap<string, FileContent>): Promise<ReadonlyMap<string, MemoryFile>> {
  const made = new Map<string, MemoryFile>();
  for (const [name, content] of files) made.set(name, await collectedFile(content));
  return made;
}

/** A copy: what is written may change afterwards. */
async function collectedFile(content: FileContent): Promise<MemoryFile> {
  const file: MemoryFile = { bytes: new Uint8Array(), size: 0 };
  if (typeof content === "string") append(file, new TextEncoder().encode(content));
  else for await (const piece of content) append(file, piece);
  return { bytes: file.bytes.slice(0, file.size), size: file.size };
}
