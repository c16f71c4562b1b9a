import { open, stat } from "node:fs/promises";
import { DataError } from "../../errors.ts";
import { readExactly } from "../files/safe-read.ts";

/** The bytes of a regular file, links followed, of at most `most`. Throws DataError where there is none, or a larger one. */
export async function readExtractorFile(path: string, most: number): Promise<Uint8Array> {
  const unreadable = (cause: unknown): never => {
    throw new DataError(`--extractor: no file that can be read, got ${path}, expected one`, { cause });
  };
  // Opening a named pipe waits for another process to write into it.
  if (!(await stat(path).catch(unreadable)).isFile())
    throw new DataError(`--extractor: not a file, got ${path}, expected one`);
  const file = await open(path).catch(unreadable);
  try {
    const stats = await file.stat();
    if (stats.size > most)
      throw new DataError(`${path}: too large for an extractor, got ${stats.size} bytes, expected at most ${most}`);
    const bytes = new Uint8Array(stats.size);
    await readExactly(file, bytes, 0, path);
    return bytes;
  } finally {
    await file.close();
  }
}
