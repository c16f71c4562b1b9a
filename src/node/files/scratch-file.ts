import { randomBytes } from "node:crypto";
import { mkdirSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { SpillStorage } from "../../data/storage/spill-storage.ts";
import { cacheFolder } from "./cache.ts";
import { fileError } from "./file-error.ts";

/** A file in the cache folder that has no name, so that it is gone with the process. Throws ConfigError where the disk refuses. */
export function scratchFile(): SpillStorage {
  const path = join(cacheFolder(), `${randomBytes(8).toString("hex")}.scratch`);
  const tried = <T>(what: () => T): T => {
    try {
      return what();
    } catch (error) {
      throw fileError(error, path, "write");
    }
  };
  const file = tried(() => {
    mkdirSync(cacheFolder(), { recursive: true });
    const opened = openSync(path, "wx+");
    unlinkSync(path);
    return opened;
  });
  const whole = (bytes: Uint8Array, at: number, move: (offset: number, length: number, place: number) => number) =>
    tried(() => {
      for (let done = 0; done < bytes.length;) {
        const moved = move(done, bytes.length - done, at + done);
        if (moved === 0) return;
        done += moved;
      }
    });
  return {
    write: (bytes, at) => whole(bytes, at, (offset, length, place) => writeSync(file, bytes, offset, length, place)),
    read: (into, at) => whole(into, at, (offset, length, place) => readSync(file, into, offset, length, place)),
  };
}
