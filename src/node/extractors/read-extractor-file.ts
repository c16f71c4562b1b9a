import { open } from "node:fs/promises";
import { DataError } from "../../errors.ts";
import { readExactly } from "../files/safe-read.ts";

/** The bytes of a regular file, links followed, of at most `most`. Throws DataError where there is none, or a larger one. */
export async function readExtractorFile(path: string, most: number): Promise<Uint8Array> {
  const file = await open(path).catch((cause: unknown) => {
    throw new DataError(`--extractor: no file that can be read, got ${path}, expected one`, { cause });
  });
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new DataError(`--extractor: not a file, got ${path}, expected one`);
    if (stats.size > most)
      throw new DataError(`${path}: too large for an extractor, got ${stats.size} bytes, expected at most ${most}`);
    const bytes = new Uint8Array(stats.size);
    await readExactly(file, bytes, 0, path);
    return bytes;
  } finally {
    await file.close();
  }
}
