import { basename, join, resolve } from "node:path";
import { classIndices, createDataset, type Dataset, mostClasses } from "../../../data/dataset.ts";
import {
  completeParts,
  createDataSource,
  type DataSource,
  mixed,
  type Parts,
  type Split,
  type SplitOptions,
} from "../../../data/split.ts";
import { DataError } from "../../../errors.ts";
import { type ImageDecoder, imageDecoder, type ImageForm } from "./image-decoder.ts";
import { type ImageFile, type ImagePart, listImages } from "./image-files.ts";
import { type Broken, type PixelOptions, pixelsOf } from "./image-pixels.ts";

/** Images of which size and color are looked at where nobody says. */
const LOOKED_AT = 64;
const SMALL = 64;
const USUAL_SIZE = 32;

export interface ImageFolderOptions extends SplitOptions, PixelOptions {
  readonly size?: number;
  readonly channels?: 1 | 3;
  readonly skipBroken?: boolean;
  /** Classes found before: another one is refused. */
  readonly classNames?: readonly string[];
}

/**
 * Opens a folder of images as squares of bytes. They are decoded once, into a file of the cache that is kept for the same files
 * and form. Throws `DataError` naming the files that cannot be read, unless `skipBroken`.
 */
export async function openImageFolder(folder: string, options: ImageFolderOptions): Promise<DataSource> {
  const decoder = await imageDecoder();
  const files = await listImages(folder);
  const form = await formOf(folder, files, decoder, options);
  const { values, broken } = await pixelsOf(folder, files, decoder, form, options);
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

function brokenImages(folder: string, broken: readonly Broken[], of: number): DataError {
  const shown = broken.slice(0, 5).map(({ path, reason }) => `${path} (${reason})`);
  const more = broken.length > shown.length ? ` and ${broken.length - shown.length} more` : "";
  const plural = broken.length === 1 ? "an image" : `${broken.length} images`;
  return new DataError(
    `${folder}: ${plural} of ${of} cannot be read, got ${shown.join(", ")}${more}, expected whole images; --skip-broken leaves them out`,
  );
}

function classesOf(
  folder: string,
  files: readonly ImageFile[],
  known?: readonly string[],
): Pick<Dataset, "labels" | "classNames"> {
  const names = [...new Set(files.map(({ label }) => label))];
  const few = known ? 1 : 2;
  if (names.includes(undefined) || names.length < few || names.length > mostClasses) return {};
  const classNames = known ?? (names as string[]).toSorted((a, b) => (a < b ? -1 : 1));
  const other = (names as string[]).find((name) => !classNames.includes(name));
  if (other !== undefined)
    throw new DataError(
      `${folder}: a subfolder is no class known before, got ${other}, expected one of ${classNames.slice(0, 20).join(", ")}`,
    );
  const index = new Map(classNames.map((name, i) => [name, i]));
  const labels = classIndices(classNames.length, files.length);
  files.forEach(({ label }, i) => (labels[i] = index.get(label!)!));
  return { classNames, labels };
}

/** Parts as folders say, what they leave open held out at random. */
function partsOf(dataset: Dataset, files: readonly ImageFile[], options: SplitOptions): Parts {
  const part = (name: ImagePart | undefined): Split => ({
    dataset,
    indices: Uint32Array.from([...files.keys()].filter((i) => files[i]!.part === name)),
  });
  if (files[0]!.part === undefined) return mixed(completeParts({ train: part(undefined) }, options), options.seed);
  const [validation, test] = [part("validation"), part("test")];
  return mixed(
    completeParts(
      {
        train: part("train"),
        ...(validation.indices.length > 0 && options.validation === undefined && { validation }),
        ...(test.indices.length > 0 && { test }),
      },
      options,
    ),
    options.seed,
  );
}
