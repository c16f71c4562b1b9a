import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import type { Dataset } from "../data/dataset.ts";
import { digitsSource } from "../data/digits.ts";
import { readIdxDataset } from "../data/idx-dataset.ts";
import type { ByteFile } from "../data/idx.ts";
import { createDataSource, split, whole, type DataSource } from "../data/split.ts";
import { ConfigError, DataError } from "../errors.ts";
import { nearestName } from "../nearest-name.ts";
import { systemCode } from "./file-error.ts";

export interface DataSourceOptions {
  /** Examples to hold out for validation: a count from 1 or a fraction below 1. Defaults: see `split` and `digitsSource`. */
  readonly validation?: number;
  /** Seed of generated data and of the shuffle that picks held-out examples, 0 unless given; not the seed of a training run. */
  readonly seed?: number;
}

/** What `openDataSource` accepts, for people. */
export interface KnownDataSource {
  readonly spec: string;
  readonly description: string;
}

/** Every kind of data source, built-in ones first. */
export function listDataSources(): readonly KnownDataSource[] {
  return [
    {
      spec: "digits",
      description: "generated hand-drawn digits, [1, 28, 28], 10 classes; digits:N for N training examples",
    },
    {
      spec: "FOLDER",
      description:
        "the four files of MNIST, Fashion-MNIST and the like: train-images-idx3-ubyte and its kin, plain or .gz",
    },
    {
      spec: "FILE",
      description:
        "one IDX file of images, plain or .gz, with the labels file beside it if there is one; a tenth each is held out to validate and test",
    },
  ];
}

const BUILT_IN: readonly string[] = ["digits"];

/**
 * Opens the data named by `spec`: `digits`, `digits:N`, a folder with MNIST's four files, or an IDX file of images. Throws
 * `DataError` where there is no such source or its files are missing or damaged, `ConfigError` for a setting out of range.
 */
export async function openDataSource(spec: string, options: DataSourceOptions = {}): Promise<DataSource> {
  const [name, size, ...more] = spec.split(":");
  if (name === "digits" && more.length === 0)
    return digitsSource({ ...options, ...(size !== undefined && { size: parseSize(spec, size) }) });
  const found = await status(spec);
  if (found?.isDirectory()) return openFolder(spec, options);
  if (found?.isFile()) return openImages(spec, options);
  if (found) throw new DataError(`${spec}: neither a file nor a folder, got something else, expected IDX data`);
  const nearest = nearestName(name!, BUILT_IN);
  throw new DataError(
    `data: no such source, got "${spec}", expected ${BUILT_IN.join(", ")} or the path of an existing folder or IDX file${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}

function parseSize(spec: string, size: string): number {
  if (!/^[0-9]+$/.test(size))
    throw new ConfigError(`data: not a number of digits, got "${spec}", expected digits:N, such as digits:20000`);
  return Number(size);
}

async function openFolder(folder: string, options: DataSourceOptions): Promise<DataSource> {
  const parts = [
    ["train", "images", "idx3"],
    ["train", "labels", "idx1"],
    ["t10k", "images", "idx3"],
    ["t10k", "labels", "idx1"],
  ] as const;
  const files: ByteFile[] = [];
  for (const [part, kind, idx] of parts) {
    const names = [`${part}-${kind}-${idx}-ubyte`, `${part}-${kind}.${idx}-ubyte`].flatMap((name) => [
      name,
      `${name}.gz`,
    ]);
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
  const train = await readIdxDataset({ name, images: trainImages, labels: trainLabels });
  const test = await readIdxDataset({ name, images: testImages, labels: testLabels });
  if (test.shape.join() !== train.shape.join())
    throw new DataError(
      `${testImages.name}: training and test examples differ in shape, got [${test.shape.join(", ")}], expected [${train.shape.join(", ")}]`,
    );
  const parted = split(train, options);
  return createDataSource({
    name,
    description: `${train.size} training and ${test.size} test examples of ${shapeOf(train)} from ${folder}`,
    train: parted.train,
    validation: parted.validation,
    test: whole(test),
  });
}

async function openImages(path: string, options: DataSourceOptions): Promise<DataSource> {
  const images = (await openFile(path))!;
  const sibling = basename(path).replace("images", "labels").replace("idx3", "idx1");
  const labels = sibling === basename(path) ? undefined : await openFile(join(dirname(path), sibling));
  const dataset = await readIdxDataset({ name: basename(path), images, ...(labels && { labels }) });
  return createDataSource({
    name: dataset.name,
    description: `${dataset.size} examples of ${shapeOf(dataset)} from ${path}`,
    ...split(dataset, { ...options, test: 0.1 }),
  });
}

function shapeOf({ shape }: Dataset): string {
  return `[${shape.join(", ")}]`;
}

async function openFile(path: string): Promise<ByteFile | undefined> {
  const found = await status(path);
  if (!found?.isFile()) return undefined;
  return {
    name: path,
    size: found.size,
    // node:stream/web's ReadableStream is the global one; only their declarations differ.
    stream: () =>
      Readable.toWeb(createReadStream(path, { highWaterMark: 1 << 18 })) as unknown as ReturnType<ByteFile["stream"]>,
  };
}

/** What lies at a path, or undefined where nothing does. */
async function status(path: string) {
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
