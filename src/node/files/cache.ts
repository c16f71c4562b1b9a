import { mkdir, readdir, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { FileContent } from "../../runs/storage/store.ts";
import { writeFileAtomic } from "./atomic-write.ts";
import { fileError } from "./file-error.ts";

/** Bytes of all examples in the cache, files that end in .images. */
export const MOST_PIXELS_CACHED = 8 * 2 ** 30;

/** Where data that can be made or fetched again is kept: LATENTKIT_CACHE, or a folder in the user's own cache. */
export function cacheFolder(): string {
  const { LATENTKIT_CACHE: own, XDG_CACHE_HOME: caches, LOCALAPPDATA: windows } = process.env;
  return own || join(caches || windows || join(homedir(), ".cache"), "latentkit");
}

/** The path of a file in the cache, marked as used now; undefined where there is none. */
export async function cachedFile(name: string): Promise<string | undefined> {
  const path = join(cacheFolder(), name);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
  return path;
}

/** Writes a file into the cache, whole or not at all. Throws ConfigError where the disk refuses. */
export async function writeCached(name: string, content: FileContent): Promise<string> {
  const path = join(cacheFolder(), name);
  await mkdir(cacheFolder(), { recursive: true }).catch((error: unknown) => {
    throw fileError(error, cacheFolder(), "write");
  });
  await writeFileAtomic(path, content);
  return path;
}

/** Removes the files of this ending that were used longest ago, until the others take at most `most` bytes; the one used last stays. */
export async function pruneCache(ending: string, most: number): Promise<void> {
  const names = (await readdir(cacheFolder())).filter((name) => name.endsWith(ending));
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(cacheFolder(), name);
      const found = await stat(path).catch(() => undefined);
      return { path, size: found?.size ?? 0, used: found?.mtimeMs ?? 0 };
    }),
  );
  let total = 0;
  for (const [i, { path, size }] of files.toSorted((a, b) => b.used - a.used).entries()) {
    total += size;
    if (i > 0 && total > most) await rm(path, { force: true });
  }
}
