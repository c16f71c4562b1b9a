import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { readCifar10 } from "../../data/formats/cifar10.ts";
import {
  generatedSources,
  type KnownDataSource,
  noSource,
  openGenerated,
} from "../../data/generators/generated-sources.ts";
import {
  allowedOptions,
  type DataSourceOptions,
  type GivenOptions,
  givenOptions,
  type OnLoadProgress,
} from "../../data/options.ts";
import type { DataSource } from "../../data/split.ts";
import { withoutNamedClasses } from "../../data/without-classes.ts";
import { DataError } from "../../errors.ts";
import { systemCode } from "../files/file-error.ts";
import { idxNames, openIdxFile, openIdxFolder } from "./arrays/idx.ts";
import { openMat } from "./arrays/mat.ts";
import { type ArrayOptions, openNpy, openNpz } from "./arrays/numpy.ts";
import { fetchedFolder, isSize, publishedDatasets } from "./fetch.ts";
import { isImageName } from "./images/image-files.ts";
import { openImageFile, openImageFolder } from "./images/image-folder.ts";
import { openFile, status } from "./open-file.ts";
import { refuseFormat } from "./refused-formats.ts";
import { openTable } from "./tables/table.ts";

const files: readonly KnownDataSource[] = [
  {
    spec: "FOLDER",
    description: "the four files of MNIST, Fashion-MNIST and the like: train-images-idx3-ubyte and so on, plain or .gz",
  },
  {
    spec: "FOLDER",
    description:
      "images of any size and format, scaled and cropped to squares; subfolders are classes, or train, val and test",
  },
  {
    spec: "cifar-10-binary.tar.gz",
    description: "CIFAR-10 as published, [3, 32, 32], 10 classes",
  },
  {
    spec: "FILE.npy",
    description:
      "a NumPy array whose rows are examples: (n, features), (n, height, width) or (n, height, width, 1 or 3)",
  },
  {
    spec: "FILE.npz",
    description: "NumPy arrays by name: x and y, or x_train, y_train, x_test and y_test, or train_images and so on",
  },
  { spec: "FILE.mat", description: "a MATLAB file (-v7 or older): arrays by name, as of FILE.npz" },
  {
    spec: "FILE.csv",
    description:
      "a table: .csv, .tsv, .txt or .data, plain or .gz; columns of numbers and dates are standardized, of categories one-hot",
  },
  { spec: "FILE.parquet", description: "a table: columns of numbers, text, booleans and dates, as of FILE.csv" },
  {
    spec: "FILE",
    description:
      "one IDX file of images, plain or .gz, with the labels file beside it if there is one; a tenth each is held out for validation and test",
  },
];

/** Every kind of data source, generated ones first. */
export function listDataSources(): readonly KnownDataSource[] {
  const fetched = Object.values(publishedDatasets).map(({ name, description }) => ({
    spec: name,
    description: `${description}; needs latentkit data fetch ${name}`,
  }));
  const generated = Object.values(generatedSources).map(({ spec, description }) => ({ spec, description }));
  return [...generated, ...fetched, ...files];
}

/**
 * Opens the data named by `spec`: a generated source, or the path of a folder or file as `listDataSources` says. Throws
 * `DataError` where there is no such source or its files are missing or damaged, `ConfigError` for a setting out of range.
 *
 * @example
 * const { train, test } = await openDataSource("toy:moons:1000");
 * train.indices.length; // 1000
 * train.dataset.shape; // [2]
 */
export async function openDataSource(spec: string, options: DataSourceOptions = {}): Promise<DataSource> {
  const { without, onProgress } = options;
  const given = givenOptions(options);
  const source = await (openGenerated(spec, given) ?? openStored(spec, { given, ...(onProgress && { onProgress }) }));
  return withoutNamedClasses(source, without);
}

/** How files are read, and their progress. */
interface Reading {
  readonly given: GivenOptions;
  readonly onProgress?: OnLoadProgress;
}

/** What lies at a path, or has been fetched, with every class. */
async function openStored(spec: string, reading: Reading): Promise<DataSource> {
  const found = await status(spec);
  if (found?.isDirectory()) return openFolder(spec, reading);
  if (found?.isFile()) return openPath(spec, reading);
  if (found === undefined && Object.hasOwn(publishedDatasets, spec)) return openFetched(spec, reading);
  if (found) throw new DataError(`${spec}: neither a file nor a folder, got something else, expected data`);
  return noSource(spec, {
    others: Object.keys(publishedDatasets),
    expected: " or the path of an existing folder or file",
  });
}

/** Opens a dataset that `data fetch` has brought. */
async function openFetched(name: string, reading: Reading): Promise<DataSource> {
  const folder = fetchedFolder(name);
  const { files } = publishedDatasets[name]!;
  for (const file of files) {
    const found = await status(join(folder, file.name));
    if (!found || !isSize(file, found.size))
      throw new DataError(
        `${name}: not fetched yet, got no files in ${folder}, expected them; latentkit data fetch ${name}`,
      );
  }
  const archive = files.length === 1 ? files[0] : undefined;
  return archive ? openPath(join(folder, archive.name), reading) : openFolder(folder, reading);
}

const imageOptions = ["size", "shape", "channels", "skipBroken", "classNames"] as const;

async function openFolder(folder: string, { given, ...progress }: Reading): Promise<DataSource> {
  const names = await readdir(folder).catch((cause: unknown) => {
    const code = systemCode(cause) ?? String(cause);
    throw new DataError(`${folder}: cannot be read, got ${code}, expected a folder that can`, { cause });
  });
  return names.some((name) => idxNames.has(name))
    ? openIdxFolder(folder, allowedOptions(folder, given, ["scaling"]))
    : openImageFolder(folder, { ...allowedOptions(folder, given, imageOptions), ...progress });
}

const cifarArchive = "cifar-10-binary.tar.gz";
const tableOptions = [
  "condition",
  "drop",
  "categories",
  "asNumber",
  "missing",
  "numbers",
  "columns",
  "classNames",
] as const;
const textTableOptions = [...tableOptions, "header", "decimal", "encoding"] as const;

async function openPath(path: string, { given, ...progress }: Reading): Promise<DataSource> {
  if (/\.(csv|tsv|tab|data|dat|txt)(\.gz)?$/i.test(path))
    return openTable(path, allowedOptions(path, given, textTableOptions));
  if (/\.parquet$/i.test(path)) {
    // Loaded only here: its decompressors are a tenth of the modules of a command.
    const { openParquet } = await import("./tables/parquet.ts");
    return openParquet(path, { ...allowedOptions(path, given, tableOptions), ...progress });
  }
  const extension = extname(path).toLowerCase();
  refuseFormat(path, extension);
  if (isImageName(path)) return openImageFile(path, { ...allowedOptions(path, given, imageOptions), ...progress });
  const options = allowedOptions(path, given, ["scaling", "classNames"]);
  if (basename(path) === cifarArchive) return readCifar10((await openFile(path))!, options);
  const open = byExtension[extension] ?? openIdxFile;
  return open(path, { ...options, ...progress });
}

const byExtension: Readonly<Record<string, (path: string, options: ArrayOptions) => Promise<DataSource>>> = {
  ".npy": openNpy,
  ".npz": openNpz,
  ".mat": openMat,
};
