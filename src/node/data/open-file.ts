import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import type { ByteFile, SlicedFile } from "../../data/formats/byte-file.ts";
import { DataError } from "../../errors.ts";
import { systemCode } from "../files/file-error.ts";

/** A regular file to read data from, or undefined where there is none. */
export async function openFile(path: string): Promise<SlicedFile | undefined> {
  const found = await status(path);
  if (!found?.isFile()) return undefined;
  return {
    name: path,
    size: found.size,
    stream: () => streamOf(path),
    slice: (start, end) => ({
      size: end - start,
      stream: () => (end > start ? streamOf(path, { start, end: end - 1 }) : new Blob([]).stream()),
    }),
  };
}

function streamOf(path: string, part: { readonly start?: number; readonly end?: number } = {}) {
  const file = createReadStream(path, { highWaterMark: 1 << 18, ...part });
  // node:stream/web's ReadableStream is the global one; only their declarations differ.
  return Readable.toWeb(file) as unknown as ReturnType<ByteFile["stream"]>;
}

/** What lies at a path, links followed, or undefined where nothing does. Throws `DataError` where that is unknown. */
export async function status(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === null) throw error;
    throw new DataError(`${path}: cannot be opened, got ${code}, expected a folder or file that can be read`, {
      cause: error,
    });
  }
}
