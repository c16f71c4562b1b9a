import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { ByteFile } from "../../../data/formats/byte-file.ts";
import { createDataset, type ExampleStore } from "../../../data/dataset.ts";
import { type Factors, gridFactors } from "../../../data/generators/factors.ts";
import { type NpyArray, readNpy, streamNpyBytes } from "../../../data/formats/read-npy.ts";
import type { OnLoadProgress } from "../../../data/options.ts";
import { createDataSource, type DataSource, mixed, split, type SplitOptions } from "../../../data/split.ts";
import { DataError } from "../../../errors.ts";
import { cachedFile, MOST_PIXELS_CACHED, pruneCache, writeCached } from "../../files/cache.ts";
import { openExampleFile } from "../example-file.ts";

const IMAGES = "imgs.npy";
const CLASSES = "latents_classes.npy";
/** Of dSprites, in its order. */
const NAMES = ["color", "shape", "scale", "orientation", "x", "y"];
const SHAPES = ["square", "ellipse", "heart"];
const DIGEST_BYTES = 32;

/** Whether an archive is laid out as dSprites is. */
export const hasFactors = (files: ReadonlyMap<string, ByteFile>): boolean => files.has(IMAGES) && files.has(CLASSES);

/**
 * Opens an archive laid out as dSprites is (github.com/google-deepmind/dsprites-dataset): `imgs` of zeros and ones and for each
 * `latents_classes`, the values of its factors, of which every combination occurs once, the last factor running fastest. What is
 * 3 GB unpacked becomes bits in a file of the cache, once, and stays on the disk. A tenth is held out to test. Throws `DataError`.
 */
export async function openFactors(
  path: string,
  files: ReadonlyMap<string, ByteFile>,
  { onProgress, ...options }: SplitOptions & { readonly onProgress?: OnLoadProgress },
): Promise<DataSource> {
  const classes = await readNpy(files.get(CLASSES)!);
  const factors = factorsOf(files.get(CLASSES)!.name, classes);
  const { shape, bytes } = await streamNpyBytes(files.get(IMAGES)!);
  const [size, height, width] = shape;
  if (shape.length !== 3 || size !== factors.count)
    throw new DataError(
      `${files.get(IMAGES)!.name}: images and factors do not fit, got shape (${shape.join(", ")}), expected (${factors.count}, height, width)`,
    );
  const pixels = height! * width!;
  const values = await storeOf(path, { size, pixels, bytes }, onProgress);
  const at = factors.names.indexOf("shape");
  const labeled = at >= 0 && factors.sizes[at] === SHAPES.length;
  const dataset = await createDataset({
    name: basename(path).replace(/_ndarray.*|\.npz$/, ""),
    description: `${size} images of ${path}, one for each value of ${factors.names.join(", ")}`,
    shape: [1, height!, width!],
    size,
    values,
    range: [0, 1],
    factors,
    ...(labeled && { labels: Uint8Array.from({ length: size }, (_, i) => factors.of(i)[at]!), classNames: SHAPES }),
  });
  return createDataSource({
    name: dataset.name,
    description: dataset.description,
    ...mixed(split(dataset, { ...options, test: 0.1 }), options),
  });
}

/** The factors that vary, where every combination of them occurs once and in order. */
function factorsOf(where: string, { shape, values }: NpyArray): Factors {
  const [size = 0, count = 0] = shape;
  if (shape.length !== 2)
    throw new DataError(
      `${where}: not a row of factors an image, got shape (${shape.join(", ")}), expected (n, factors)`,
    );
  const extents = Array.from({ length: count }, () => 1);
  for (let i = 0; i < values.length; i++) extents[i % count] = Math.max(extents[i % count]!, values[i]! + 1);
  const names = extents.map((_, i) => (count === NAMES.length ? NAMES[i]! : `factor${i + 1}`));
  const whole = gridFactors(Object.fromEntries(names.map((name, i) => [name, extents[i]!])));
  const wrong = whole.count === size ? firstWrong(whole, size, values) : 0;
  if (wrong !== undefined)
    throw new DataError(
      `${where}: factors are not a grid in order, got ${Array.from(values.subarray(wrong * count, (wrong + 1) * count)).join(", ")} in row ${wrong} of ${size}, expected every combination of ${extents.join(" x ")} once, the last running fastest`,
    );
  return gridFactors(Object.fromEntries(names.flatMap((name, i) => (extents[i]! > 1 ? [[name, extents[i]!]] : []))));
}

function firstWrong(factors: Factors, size: number, values: ArrayLike<number>): number | undefined {
  for (let row = 0; row < size; row++)
    if (factors.of(row).some((value, i, all) => value !== values[row * all.length + i])) return row;
  return undefined;
}

interface Images {
  readonly size: number;
  readonly pixels: number;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The images, eight pixels in a byte, in a file of the cache that ends with the SHA-256 of what is before. */
async function storeOf(path: string, images: Images, onProgress: OnLoadProgress | undefined): Promise<ExampleStore> {
  const { size, pixels } = images;
  const about = await stat(path);
  const key = createHash("sha256").update(JSON.stringify([resolve(path), about.size, about.mtimeMs, "bits"]));
  const name = `${key.digest("hex").slice(0, 32)}.images`;
  const packedBytes = Math.ceil(pixels / 8);
  const total = size * packedBytes;
  let cached = await cachedFile(name);
  if (cached === undefined || (await stat(cached)).size !== total + DIGEST_BYTES) {
    cached = await writeCached(name, withDigest(packed(path, images, onProgress)));
    await pruneCache(".images", MOST_PIXELS_CACHED);
  }
  const { blocks, bytesOf } = openExampleFile(cached, packedBytes, total);
  return {
    content: await digestAt(cached, total),
    blocks,
    read(example, into) {
      const bits = bytesOf(example);
      for (let i = 0; i < pixels; i++) into[i] = (bits[i >> 3]! >> (7 - (i & 7))) & 1;
    },
  };
}

/** Zeros and ones as bits, the first one the highest; every image begins with a byte of its own. */
async function* packed(
  path: string,
  { size, pixels, bytes }: Images,
  onProgress: OnLoadProgress | undefined,
): AsyncGenerator<Uint8Array> {
  let [pixel, byte, done] = [0, 0, 0];
  for await (const chunk of bytes) {
    const out = new Uint8Array(Math.ceil(chunk.length / 8) + Math.ceil(chunk.length / pixels) + 1);
    let at = 0;
    for (let i = 0; i < chunk.length; i++) {
      const value = chunk[i]!;
      if (value > 1)
        throw new DataError(`${path}: a pixel is neither 0 nor 1, got ${value}, expected images as in dSprites`);
      byte |= value << (7 - (pixel & 7));
      pixel += 1;
      if ((pixel & 7) !== 0 && pixel !== pixels) continue;
      out[at++] = byte;
      byte = 0;
      if (pixel === pixels) pixel = 0;
    }
    done += chunk.length;
    yield out.subarray(0, at);
    onProgress?.({ source: path, done, total: size * pixels });
  }
}

async function* withDigest(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
  yield hash.digest();
}

async function digestAt(path: string, at: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer } = await file.read(Buffer.alloc(DIGEST_BYTES), 0, DIGEST_BYTES, at);
    return buffer.toString("hex");
  } finally {
    await file.close();
  }
}
