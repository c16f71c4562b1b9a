import { createHash } from "node:crypto";
import { openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { createDataset, type Dataset, type ExampleStore } from "../data/dataset.ts";
import { completeParts, createDataSource, type DataSource, type Split, type SplitOptions } from "../data/split.ts";
import { ConfigError, DataError } from "../errors.ts";
import { stream } from "../random/index.ts";
import { cachedFile, pruneCache, writeCached } from "./data-cache.ts";
import { type ImageDecoder, imageDecoder, type ImageForm } from "./data-image-decoder.ts";
import { type ImageFile, type ImagePart, listImages } from "./data-image-files.ts";

const MOST_IN_MEMORY = 2 ** 30;
/** Pixels of all sets in the cache. */
const MOST_CACHED = 8 * 2 ** 30;
/** Images of which size and color are looked at where nobody says. */
const LOOKED_AT = 64;
const SMALL = 64;
const USUAL_SIZE = 32;
const MOST_CLASSES = 256;

export interface ImageFolderOptions extends SplitOptions {
  readonly size?: number;
  readonly channels?: 1 | 3;
  readonly skipBroken?: boolean;
  /** Classes found before: another one is refused. */
  readonly classNames?: readonly string[];
  /** Bytes of pixels held in memory, 1 GiB unless given; a larger set is read from its file in the cache. */
  readonly mostInMemory?: number;
}

/**
 * Opens a folder of images as squares of bytes. They are decoded once, into a file of the cache that is kept for the same files
 * and form. Throws `DataError` naming the files that cannot be read, unless `skipBroken`.
 */
export async function openImageFolder(folder: string, options: ImageFolderOptions): Promise<DataSource> {
  const decoder = await imageDecoder();
  const files = await listImages(folder);
  const form = await formOf(folder, files, decoder, options);
  const { values, broken } = await decoded(folder, files, decoder, form, options.mostInMemory ?? MOST_IN_MEMORY);
  if (broken.length > 0 && options.skipBroken !== true) throw brokenImages(folder, broken, files.length);
  const whole = files.filter((_, i) => !broken.some(({ index }) => index === i));
  if (whole.length === 0) throw brokenImages(folder, broken, files.length);
  const { size, channels } = form;
  const labels = classesOf(folder, whole, options.classNames);
  const skipped = broken.length > 0 ? `, ${broken.length} broken ones left out` : "";
  const dataset = await createDataset({
    name: basename(resolve(folder)),
    description: `${whole.length} images of ${folder}, scaled to cover ${size} x ${size} pixels and cropped to their center, in ${channels === 1 ? "gray" : "color"}${skipped}`,
    shape: [channels, size, size],
    size: whole.length,
    values,
    range: [0, 255],
    ...labels,
  });
  return createDataSource({
    name: dataset.name,
    description: dataset.description,
    ...partsOf(dataset, whole, options),
  });
}

/** The form asked for; else the images' own side where a few are small squares alike, and gray where all of those are. */
async function formOf(
  folder: string,
  files: readonly ImageFile[],
  decoder: ImageDecoder,
  { size, channels }: ImageFolderOptions,
): Promise<ImageForm> {
  if (size !== undefined && channels !== undefined) return { size, channels };
  const step = Math.ceil(files.length / LOOKED_AT);
  const looked = await Promise.all(
    files.filter((_, i) => i % step === 0).map(({ path }) => decoder.head(join(folder, path)).catch(() => undefined)),
  );
  const heads = looked.filter((head) => head !== undefined);
  const [first] = heads;
  const alike = heads.every(({ width, height }) => width === first!.width && height === first!.width);
  return {
    size: size ?? (first && alike && first.width <= SMALL ? first.width : USUAL_SIZE),
    channels: channels ?? (first && heads.every(({ gray }) => gray) ? 1 : 3),
  };
}

interface Broken {
  readonly index: number;
  readonly path: string;
  readonly reason: string;
}

function brokenImages(folder: string, broken: readonly Broken[], of: number): DataError {
  const shown = broken.slice(0, 5).map(({ path, reason }) => `${path} (${reason})`);
  const more = broken.length > shown.length ? ` and ${broken.length - shown.length} more` : "";
  const plural = broken.length === 1 ? "an image" : `${broken.length} images`;
  return new DataError(
    `${folder}: ${plural} of ${of} cannot be read, got ${shown.join(", ")}${more}, expected whole images; --skip-broken leaves them out`,
  );
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

/** The pixels of every whole image, from the cache where they are there, and the files that are broken. */
async function decoded(
  folder: string,
  files: readonly ImageFile[],
  decoder: ImageDecoder,
  form: ImageForm,
  mostInMemory: number,
) {
  const about = files.map(({ path, size, modified }) => [path, size, modified]);
  const key = createHash("sha256")
    .update(JSON.stringify([resolve(folder), decoder.version, form, about]))
    .digest("hex")
    .slice(0, 32);
  const [pixelsName, aboutName] = [`${key}.images`, `${key}.images.json`];
  const [pixelsPath, aboutPath] = [await cachedFile(pixelsName), await cachedFile(aboutName)];
  if (pixelsPath !== undefined && aboutPath !== undefined) {
    const found = readSidecar(await readFile(aboutPath, "utf8"));
    const values = found && (await stored(pixelsPath, found, form, mostInMemory));
    if (values) return { values, broken: found.broken };
  }
  const broken: Broken[] = [];
  const pieces = (): AsyncGenerator<Uint8Array> => decodeAll(folder, files, decoder, form, broken);
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
    await pruneCache(".images", MOST_CACHED);
    return { values: (await stored(path, made, form, mostInMemory))!, broken };
  } catch (error) {
    // A cache that cannot be written is done without, if there is memory for it.
    const size = files.length * form.size ** 2 * form.channels;
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
  { size, channels }: ImageForm,
  mostInMemory: number,
): Promise<Uint8Array | ExampleStore | undefined> {
  if (bytes <= mostInMemory) {
    const all = await readFile(path);
    return createHash("sha256").update(all).digest("hex") === sha256 ? all : undefined;
  }
  const file = openSync(path, "r");
  const length = size ** 2 * channels;
  return {
    content: sha256,
    read(example, into) {
      const read = readSync(file, into, 0, length, example * length);
      if (read !== length) throw new DataError(`${path}: cut short, got ${read} bytes of an image, expected ${length}`);
    },
  };
}

/** Decodes all files in order, a few at a time, into pieces of whole images. */
async function* decodeAll(
  folder: string,
  files: readonly ImageFile[],
  decoder: ImageDecoder,
  form: ImageForm,
  broken: Broken[],
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
  }
  broken.sort((a, b) => a.index - b.index);
}

/** The first line of what libvips says. */
function reasonOf(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return line.replace(/^.*?: (?=Input )/, "").slice(0, 120);
}

function classesOf(
  folder: string,
  files: readonly ImageFile[],
  known?: readonly string[],
): Pick<Dataset, "labels" | "classNames"> {
  const names = [...new Set(files.map(({ label }) => label))];
  const few = known ? 1 : 2;
  if (names.includes(undefined) || names.length < few || names.length > MOST_CLASSES) return {};
  const classNames = known ?? (names as string[]).toSorted((a, b) => (a < b ? -1 : 1));
  const other = (names as string[]).find((name) => !classNames.includes(name));
  if (other !== undefined)
    throw new DataError(
      `${folder}: a subfolder is no class known before, got ${other}, expected one of ${classNames.slice(0, 20).join(", ")}`,
    );
  const index = new Map(classNames.map((name, i) => [name, i]));
  return { classNames, labels: Uint8Array.from(files, ({ label }) => index.get(label!)!) };
}

/** Parts as folders say, what they leave open held out at random. */
function partsOf(dataset: Dataset, files: readonly ImageFile[], options: SplitOptions): Parts {
  const part = (name: ImagePart | undefined): Split => ({
    dataset,
    indices: Uint32Array.from([...files.keys()].filter((i) => files[i]!.part === name)),
  });
  if (files[0]!.part === undefined) return shuffled(completeParts({ train: part(undefined) }, options), options);
  const [validation, test] = [part("validation"), part("test")];
  return shuffled(
    completeParts(
      {
        train: part("train"),
        ...(validation.indices.length > 0 && options.validation === undefined && { validation }),
        ...(test.indices.length > 0 && { test }),
      },
      options,
    ),
    options,
  );
}

type Parts = Pick<DataSource, "train" | "validation" | "test">;

/** In shuffled order: files come class by class, and pictures show the first few. */
function shuffled(parts: Parts, { seed = 0 }: SplitOptions): Parts {
  const mixed = ({ dataset, indices }: Split): Split => ({
    dataset,
    indices: stream(seed, "order")
      .permutation(indices.length)
      .map((at) => indices[at]!),
  });
  return { train: mixed(parts.train), validation: mixed(parts.validation), test: mixed(parts.test) };
}
