import { basename, dirname, join, resolve } from "node:path";
import type { ByteFile } from "../../../data/formats/byte-file.ts";
import { readIdxDataset } from "../../../data/formats/idx-dataset.ts";
import type { ArrayScaling } from "../../../data/options.ts";
import {
  completeParts,
  createDataSource,
  split,
  type SplitOptions,
  whole,
  type DataSource,
} from "../../../data/split.ts";
import { DataError } from "../../../errors.ts";
import { openFile } from "../open-file.ts";

export interface IdxOptions extends SplitOptions {
  /** The range of data read before. */
  readonly scaling?: ArrayScaling;
}

const parts = [
  ["train", "images", "idx3"],
  ["train", "labels", "idx1"],
  ["t10k", "images", "idx3"],
  ["t10k", "labels", "idx1"],
] as const;

const spellings = ([part, kind, idx]: (typeof parts)[number]): readonly string[] =>
  [`${part}-${kind}-${idx}-ubyte`, `${part}-${kind}.${idx}-ubyte`].flatMap((name) => [name, `${name}.gz`]);

/** The names that make a folder one of MNIST's kind. */
export const idxNames: ReadonlySet<string> = new Set(parts.flatMap(spellings));

/** Opens a folder with the four files of MNIST; a tenth of the training examples validates unless `options` say otherwise. */
export async function openIdxFolder(folder: string, { scaling, ...options }: IdxOptions): Promise<DataSource> {
  const files: ByteFile[] = [];
  for (const part of parts) {
    const names = spellings(part);
    const found = await Promise.all(names.map((name) => openFile(join(folder, name))));
    const file = found.find((f) => f !== undefined);
    if (!file)
      throw new DataError(
        `${folder}: a file is missing, got no ${names[0]}, expected it (or ${names.slice(1).join(", ")})`,
      );
    files.push(file);
  }
  const [trainImages, trainLabels, testImages, testLabels] = files as [ByteFile, ByteFile, ByteFile, ByteFile];
  const name = basename(resolve(folder));
  const known = { ...(scaling && { scaling }) };
  const train = await readIdxDataset({ name, images: trainImages, labels: trainLabels }, known);
  const test = await readIdxDataset(
    { name, images: testImages, labels: testLabels },
    { scaling: scaling ?? { range: train.range } },
  );
  if (test.shape.join() !== train.shape.join())
    throw new DataError(
      `${testImages.name}: training and test examples differ in shape, got [${test.shape.join(", ")}], expected [${train.shape.join(", ")}]`,
    );
  return createDataSource({
    name,
    description: `${train.size} training and ${test.size} test examples of [${train.shape.join(", ")}] from ${folder}`,
    ...completeParts({ train: whole(train), test: whole(test) }, options),
  });
}

/** Opens an IDX file of images, with the labels file beside it if there is one; a tenth is held out to test. */
export async function openIdxFile(path: string, { scaling, ...options }: IdxOptions): Promise<DataSource> {
  const images = (await openFile(path))!;
  const sibling = basename(path).replace("images", "labels").replace("idx3", "idx1");
  const labels = sibling === basename(path) ? undefined : await openFile(join(dirname(path), sibling));
  const dataset = await readIdxDataset(
    { name: basename(path), images, ...(labels && { labels }) },
    scaling && { scaling },
  );
  return createDataSource({
    name: dataset.name,
    description: `${dataset.size} examples of [${dataset.shape.join(", ")}] from ${path}`,
    ...split(dataset, { ...options, test: 0.1 }),
  });
}
