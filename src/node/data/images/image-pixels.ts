import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import type { ExampleStore } from "../../../data/dataset.ts";
import type { OnLoadProgress } from "../../../data/options.ts";
import { ConfigError } from "../../../errors.ts";
import { cachedFile, MOST_PIXELS_CACHED, pruneCache, writeCached } from "../../files/cache.ts";
import { formBytes, type ImageDecoder, type ImageForm } from "./image-decoder.ts";
import type { ImageFile } from "./image-files.ts";
import { openExampleFile } from "../example-file.ts";

/** Limits on the size of pixels, and the progress of decoding them. */
export interface PixelOptions {
  readonly onProgress?: OnLoadProgress;
  /** Bytes held in memory, 1 GiB unless given; a larger set is read from its file in the cache. */
  readonly mostInMemory?: number;
  /** Bytes of all sets in the cache, 8 GiB unless given; the set in use stays, whatever its size. */
  readonly mostCached?: number;
}

/** An image that cannot be read. */
export interface Broken {
  readonly index: number;
  readonly path: string;
  readonly reason: string;
}

const sidecar = z.strictObject({
  bytes: z.int().min(0),
  sha256: z.string(),
  broken: z.array(z.strictObject({ index: z.int(), path: z.string(), reason: z.string() })),
});

/** What was written beside the pixels; undefined where it is damaged. */
function readSidecar(text: string): z.output<typeof sidecar> | undefined {
  try {
    return sidecar.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** What the pixels of files depend on, as the name of a file in the cache. */
export function filesKey(folder: string, files: readonly ImageFile[], decoder: ImageDecoder, more: unknown): string {
  const about = files.map(({ path, size, modified }) => [path, size, modified]);
  return createHash("sha256")
    .update(JSON.stringify([resolve(folder), decoder.version, more, about]))
    .digest("hex")
    .slice(0, 32);
}

/** The pixels of every whole image, one after the other, from the cache where they are there, and the files that are broken. */
export async function pixelsOf(
  folder: string,
  files: readonly ImageFile[],
  decoder: ImageDecoder,
  form: ImageForm,
  { mostInMemory = 2 ** 30, mostCached = MOST_PIXELS_CACHED, onProgress }: PixelOptions = {},
): Promise<{ readonly values: Uint8Array | ExampleStore; readonly broken: readonly Broken[] }> {
  const key = filesKey(folder, files, decoder, form);
  const [pixelsName, aboutName] = [`${key}.images`, `${key}.images.json`];
  const [pixelsPath, aboutPath] = [await cachedFile(pixelsName), await cachedFile(aboutName)];
  if (pixelsPath !== undefined && aboutPath !== undefined) {
    const found = readSidecar(await readFile(aboutPath, "utf8"));
    const values = found && (await stored(pixelsPath, found, form, mostInMemory));
    if (values) return { values, broken: found.broken };
  }
  const broken: Broken[] = [];
  const pieces = (): AsyncGenerator<Uint8Array> => decodeAll(folder, files, decoder, form, { broken, onProgress });
  const hash = createHash("sha256");
  let bytes = 0;
  const counted = async function* () {
    for await (const piece of pieces()) {
      hash.update(piece);
      bytes += piece.length;
      yield piece;
    }
  };
  try {
    const path = await writeCached(pixelsName, counted());
    const made = { bytes, sha256: hash.digest("hex"), broken };
    await writeCached(aboutName, JSON.stringify(made));
    await pruneCache(".images", mostCached);
    return { values: (await stored(path, made, form, mostInMemory))!, broken };
  } catch (error) {
    // A cache that cannot be written is done without, if there is memory for it.
    const size = files.length * formBytes(form);
    if (!(error instanceof ConfigError) || size > mostInMemory) throw error;
    broken.length = 0;
    const all = new Uint8Array(size);
    let at = 0;
    for await (const piece of pieces()) {
      all.set(piece, at);
      at += piece.length;
    }
    return { values: all.subarray(0, at), broken };
  }
}

/** The cached pixels, held in memory if they are few, else read when asked for; undefined where the file is not what was written. */
async function stored(
  path: string,
  { bytes, sha256 }: { readonly bytes: number; readonly sha256: string },
  form: ImageForm,
  mostInMemory: number,
): Promise<Uint8Array | ExampleStore | undefined> {
  if (bytes <= mostInMemory) {
    const all = await readFile(path);
    return createHash("sha256").update(all).digest("hex") === sha256 ? all : undefined;
  }
  const { blocks, bytesOf } = openExampleFile(path, formBytes(form), bytes);
  return { content: sha256, blocks, read: (example, into) => into.set(bytesOf(example)) };
}

/** Decodes all files in order, a few at a time, into pieces of whole images. */
async function* decodeAll(
  folder: string,
  files: readonly ImageFile[],
  decoder: ImageDecoder,
  form: ImageForm,
  { broken, onProgress }: { readonly broken: Broken[]; readonly onProgress: OnLoadProgress | undefined },
): AsyncGenerator<Uint8Array> {
  const together = 16 * cpus().length;
  for (let first = 0; first < files.length; first += together) {
    const some = files.slice(first, first + together);
    const images = await Promise.all(
      some.map(({ path }, i) =>
        decoder.decode(join(folder, path), form).catch((error: unknown) => {
          broken.push({ index: first + i, path, reason: reasonOf(error) });
          return undefined;
        }),
      ),
    );
    for (const image of images) if (image) yield image;
    onProgress?.({ source: folder, done: Math.min(files.length, first + together), total: files.length });
  }
  broken.sort((a, b) => a.index - b.index);
}

/** The first line of what libvips says. */
function reasonOf(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.replace(/^.*?: (?=Input )/, "").slice(0, 120);
}
