import { CheckpointError } from "../../errors.ts";

/** Text, or bytes in pieces that are written one after the other without being joined. */
export type FileContent = string | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What lies at a name itself, links not followed. */
export type StoredKind = "file" | "folder" | "nothing" | "other";

/**
 * The place of one run's files: a folder in Node, memory in tests and in a browser. Files are named from there, with slashes:
 * `run.json`, `checkpoints/step-100/weights.safetensors`; "" is the place itself.
 *
 * What is in a store may come from elsewhere: it is data only, and no link in it is followed. Each write appears whole or not at
 * all. Every method throws CheckpointError for what is damaged or of another kind than expected, and ConfigError where the disk refuses.
 */
export interface RunStore {
  /** The place as messages name it. */
  readonly path: string;
  /** Bytes of the largest file that memory is taken for. */
  readonly mostBytes: number;
  /** A file or folder as messages name it. */
  pathOf(name: string): string;
  kindOf(name: string): Promise<StoredKind>;

  /** Makes the place with these files in it, all at once. Returns what is in the way, in words, where something is. */
  create(files: ReadonlyMap<string, FileContent>): Promise<string | undefined>;
  /**
   * Keeps other writers out until the lock is released. Makes `folders`, into which only the holder of the lock
   * writes, and removes what killed writers left unfinished in them and beside them. Throws ConfigError where the lock is held. While it is
   * held, every write throws ConfigError where it has passed to another process, which took this one for dead.
   */
  lock(folders: readonly string[]): Promise<StoreLock>;

  /** Opens a file to read it in parts. */
  open(name: string): Promise<StoredFile>;
  /** Names of the folders in a folder, in no order. */
  folders(name: string): Promise<readonly string[]>;
  /** Names of the files in it likewise. */
  files(name: string): Promise<readonly string[]>;

  /** Makes a folder where there is none yet. */
  makeFolder(name: string): Promise<void>;
  /** Replaces or makes a file. */
  write(name: string, content: FileContent): Promise<void>;
  /** Makes a folder with these files (name -> content) in it, where there is none or an empty one. */
  writeFolder(name: string, files: ReadonlyMap<string, FileContent>): Promise<void>;
  removeFolder(name: string): Promise<void>;
  /** Opens a file that is only ever written at its end, and makes it where there is none. */
  openLog(name: string): Promise<StoredLog>;
  /** Cuts a file to so many bytes. */
  truncate(name: string, size: number): Promise<void>;
}

/** A lock that keeps other writers out. */
export interface StoreLock {
  /** Throws ConfigError where it is known to have passed to another process; costs nothing. */
  check(): void;
  /** Lets others write. A lock that was released before, or that is another's by now, stays as it is. */
  release(): Promise<void>;
}

/** A file open for reading. */
export interface StoredFile {
  readonly size: number;
  /** Fills `into` with the bytes from a place on. Throws CheckpointError where the file ends before. */
  read(into: Uint8Array, at: number): Promise<void>;
  close(): Promise<void>;
}

export interface StoredLog {
  append(content: string | Uint8Array): Promise<void>;
  /** Waits until everything appended would survive a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The text of a file of at most `maxBytes`. Throws CheckpointError. */
export const readText = async (store: RunStore, name: string, maxBytes: number): Promise<string> =>
  new TextDecoder().decode(await readBytes(store, name, maxBytes));

/** The bytes of a file of at most `maxBytes`. Throws CheckpointError. */
export async function readBytes(store: RunStore, name: string, maxBytes: number): Promise<Uint8Array> {
  const file = await store.open(name);
  try {
    const { size } = file;
    if (size > maxBytes)
      throw new CheckpointError(`${store.pathOf(name)}: too large, got ${size} bytes, expected at most ${maxBytes}`);
    const bytes = new Uint8Array(size);
    await file.read(bytes, 0);
    return bytes;
  } finally {
    await file.close();
  }
}

/** A name is the program's own, never one from a file: throws where it could leave the store. */
export function checkName(name: string): void {
  const plain = name.split("/").every((part) => /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,99}$/.test(part));
  if (name !== "" && !plain) throw new Error(`not the name of a run's file: ${name}`);
}

/** The folders that a name lies in, outermost first: `a` and `a/b` of `a/b/c`. */
export function foldersAround(name: string): readonly string[] {
  const parts = name.split("/");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join("/"));
}

export const notAFolder = (path: string): CheckpointError =>
  new CheckpointError(`${path}: not a folder, got a file or link, expected a folder of the run's own`);
