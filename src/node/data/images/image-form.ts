import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../../errors.ts";
import { cachedFile, writeCached } from "../../files/cache.ts";
import type { ImageDecoder, ImageForm, ImageHead } from "./image-decoder.ts";
import type { ImageFile } from "./image-files.ts";
import { filesKey } from "./image-pixels.ts";

/** Images of one size up to this a side keep it. */
const SMALL = 64;
const USUAL_SIZE = 32;

/** What all images of a folder have in common. */
const common = z.strictObject({
  /** Their size where it is one. */
  size: z.strictObject({ width: z.int().positive(), height: z.int().positive() }).nullable(),
  gray: z.boolean(),
});

/**
 * The form asked for; else that of images read before; else the images' own size where it is one and small, or squares of 32, and gray where all
 * images are.
 */
export async function formOf(
  folder: string,
  files: readonly ImageFile[],
  decoder: ImageDecoder,
  { size, channels, shape }: { readonly size?: number; readonly channels?: 1 | 3; readonly shape?: readonly number[] },
): Promise<ImageForm> {
  const [, height, width] = shape ?? [];
  const given =
    width !== undefined && height !== undefined
      ? { width, height }
      : size !== undefined && { width: size, height: size };
  if (given && channels !== undefined) return { ...given, channels };
  const found = await commonOf(folder, files, decoder);
  const own = found.size && Math.max(found.size.width, found.size.height) <= SMALL ? found.size : undefined;
  return {
    ...(given || (own ?? { width: USUAL_SIZE, height: USUAL_SIZE })),
    channels: channels ?? (found.gray ? 1 : 3),
  };
}

/** Looks at every image once: what was found is kept in the cache for the same files. */
async function commonOf(
  folder: string,
  files: readonly ImageFile[],
  decoder: ImageDecoder,
): Promise<z.output<typeof common>> {
  const name = `${filesKey(folder, files, decoder, "form")}.form.json`;
  const path = await cachedFile(name);
  const kept = path === undefined ? undefined : readKept(await readFile(path, "utf8"));
  if (kept) return kept;
  const found = await look(folder, files, decoder);
  try {
    await writeCached(name, JSON.stringify(found));
  } catch (error) {
    // A cache that cannot be written is done without.
    if (!(error instanceof ConfigError)) throw error;
  }
  return found;
}

function readKept(text: string): z.output<typeof common> | undefined {
  try {
    return common.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function look(
  folder: string,
  files: readonly ImageFile[],
  decoder: ImageDecoder,
): Promise<z.output<typeof common>> {
  const together = 16 * cpus().length;
  let first: ImageHead | undefined;
  let [alike, gray] = [true, true];
  for (let from = 0; from < files.length && (alike || gray); from += together) {
    const heads = await Promise.all(
      files.slice(from, from + together).map(({ path }) => decoder.head(join(folder, path)).catch(() => undefined)),
    );
    for (const head of heads) {
      if (!head) continue;
      first ??= head;
      alike &&= head.width === first.width && head.height === first.height;
      gray &&= head.gray;
    }
  }
  return {
    size: first && alike ? { width: first.width, height: first.height } : null,
    gray: first !== undefined && gray,
  };
}
