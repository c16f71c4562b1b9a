import { basename, dirname, resolve } from "node:path";
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
import { imageDecoder } from "./image-decoder.ts";
import { type ImageFile, imageFile, type ImagePart, listImages } from "./image-files.ts";
import { formOf } from "./image-form.ts";
import { type Broken, type PixelOptions, pixelsOf } from "./image-pixels.ts";

export interface ImageFolderOptions extends SplitOptions, PixelOptions {
  /** Pixels a side of squares. */
  readonly size?: number;
  readonly channels?: 1 | 3;
  /** Form of images read before, [channels, height, width], where `size` is not given. */
  readonly shape?: readonly number[];
  readonly skipBroken?: boolean;
  /** Classes found before: another one is refused. */
  readonly classNames?: readonly string[];
}

/**
 * Opens a folder of images as bytes of one form. They are decoded once, into a file of the cache that is kept for the same files
 * and form. Throws `DataError` naming the files that cannot be read, unless `skipBroken`.
 */
export async function openImageFolder(folder: string, options: ImageFolderOptions): Promise<DataSource> {
  return imagesSource(folder, await listImages(folder), options);
}

/** Opens one image, to use a trained run on. Throws `DataError` where examples are to be held out of it. */
export async function openImageFile(path: string, options: ImageFolderOptions): Promise<DataSource> {
  if (!options.whole)
    throw new DataError(
      `${path}: a single image, got one file, expected a folder of images; a trained run takes one image as --data`,
    );
  return imagesSource(dirname(path), [await imageFile(path)], options);
}

async function imagesSource(
  folder: string,
  files: readonly ImageFile[],
  options: ImageFolderOptions,
): Promise<DataSource> {
  const decoder = await imageDecoder();
  const form = await formOf(folder, files, decoder, options);
  const { values, broken } = await pixelsOf(folder, files, decoder, form, options);
  if (broken.length > 0 && options.skipBroken !== true) throw brokenImages(folder, broken, files.length);
  const whole = files.filter((_, i) => !broken.some(({ index }) => index === i));
  if (whole.length === 0) throw brokenImages(folder, broken, files.length);
  const { width, height, channels } = form;
  const labels = classesOf(folder, whole, options.classNames);
  const skipped = broken.length > 0 ? `, ${broken.length} broken ones left out` : "";
  const dataset = await createDataset({
    name: basename(resolve(folder)),
    description: `${whole.length} images of ${folder}, scaled to cover ${width} x ${height} pixels and cropped to their center, in ${channels === 1 ? "gray" : "color"}${skipped}`,
    shape: [channels, height, width],
    size: whole.length,
    values,
    range: [0, 255],
    names: whole.map(({ path }) => path),
    ...labels,
  });
  return createDataSource({
    name: dataset.name,
    description: dataset.description,
    ...partsOf(dataset, whole, options),
  });
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
  if (files[0]!.part === undefined) return mixed(completeParts({ train: part(undefined) }, options), options);
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
    options,
  );
}
