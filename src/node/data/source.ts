import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { Column } from "../../data/tables/column.ts";
import { readCifar10 } from "../../data/formats/cifar10.ts";
import { digitsSource } from "../../data/generators/digits.ts";
import type { DataSource, SplitOptions } from "../../data/split.ts";
import { spritesSource } from "../../data/generators/sprites.ts";
import { toySource } from "../../data/generators/toy-source.ts";
import { toys } from "../../data/generators/toys.ts";
import { withoutClasses } from "../../data/without-classes.ts";
import { ConfigError, DataError } from "../../errors.ts";
import { nearestName } from "../../nearest-name.ts";
import { classNumber } from "./class-number.ts";
import { systemCode } from "../files/file-error.ts";
import { openFile, status } from "./open-file.ts";
import { fetchedFolder, isSize, publishedDatasets } from "./fetch.ts";
import { openImageFolder } from "./images/image-folder.ts";
import { idxNames, openIdxFile, openIdxFolder } from "./arrays/idx.ts";
import type { DataLike, DataSourceOptions } from "../../data/options.ts";
import { openParquet } from "./tables/parquet.ts";
import { openTable } from "./tables/table.ts";
import { openNpy, openNpz } from "./arrays/numpy.ts";

/** The options that were given. */
type Given = { readonly [Key in keyof DataSourceOptions]: NonNullable<DataSourceOptions[Key]> } & Known;

/** What is known from data read before. */
interface Known {
  readonly columns?: readonly Column[];
  readonly classNames?: readonly string[];
}

/** What `openDataSource` accepts, for people. */
export interface KnownDataSource {
  readonly spec: string;
  readonly description: string;
}

interface BuiltIn extends KnownDataSource {
  /** What the name is followed by in `spec`: `most` words at most, each after a colon. */
  readonly most: number;
  /** The options that it has a use for, beside those that every source takes. */
  readonly takes?: readonly "size"[];
  open(words: readonly string[], options: Given): Promise<DataSource>;
}

const builtIns: Readonly<Record<string, BuiltIn>> = {
  digits: {
    spec: "digits",
    description: "generated hand-drawn digits, [1, 28, 28], 10 classes; digits:N for N training examples",
    most: 1,
    open: ([size], options) => digitsSource({ ...options, ...sized("digits:N", size) }),
  },
  sprites: {
    spec: "sprites",
    description:
      "generated images of 3 shapes in 6 scales, 40 orientations and 32 x 32 positions, 64 x 64 or with --size 32; sprites:N for N training examples",
    most: 1,
    takes: ["size"],
    open: ([count], { size: side, ...options }) =>
      spritesSource({ ...options, ...(side !== undefined && { side }), ...sized("sprites:N", count) }),
  },
  toy: {
    spec: "toy:NAME",
    description: `points in the plane of known density: ${Object.keys(toys).join(", ")}; toy:NAME:N for N training examples`,
    most: 2,
    open: ([name = "", size], options) => toySource({ name, ...options, ...sized("toy:NAME:N", size) }),
  },
};

const files: readonly KnownDataSource[] = [
  {
    spec: "FOLDER",
    description:
      "the four files of MNIST, Fashion-MNIST and the like: train-images-idx3-ubyte and its kin, plain or .gz",
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
    description: "NumPy arrays by name: x and y, or x_train, y_train, x_test and y_test, or train_images and its kin",
  },
  {
    spec: "FILE.csv",
    description:
      "a table: .csv, .tsv or .data, plain or .gz; columns of numbers are standardized, of categories one-hot",
  },
  { spec: "FILE.parquet", description: "a table: columns of numbers, text, booleans and dates, as of FILE.csv" },
  {
    spec: "FILE",
    description:
      "one IDX file of images, plain or .gz, with the labels file beside it if there is one; a tenth each is held out to validate and test",
  },
];

/** Every kind of data source, built-in ones first. */
export function listDataSources(): readonly KnownDataSource[] {
  const fetched = Object.values(publishedDatasets).map(({ name, description }) => ({
    spec: name,
    description: `${description}; after latentkit data fetch ${name}`,
  }));
  return [...Object.values(builtIns).map(({ spec, description }) => ({ spec, description })), ...fetched, ...files];
}

/**
 * Opens the data named by `spec`: a built-in source, or the path of a folder or file as `listDataSources` says. Throws
 * `DataError` where there is no such source or its files are missing or damaged, `ConfigError` for a setting out of range.
 */
export async function openDataSource(
  spec: string,
  { without, ...options }: DataSourceOptions = {},
): Promise<DataSource> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given;
  const source = await openWhole(spec, given);
  if (!without) return source;
  const { classNames } = source.train.dataset;
  return withoutClasses(source, new Set(without.map((name) => classNumber("--without", name, classNames))));
}

/** With every class. */
async function openWhole(spec: string, given: Given): Promise<DataSource> {
  const [name = "", ...words] = spec.split(":");
  const builtIn = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  if (builtIn && words.length <= builtIn.most) return builtIn.open(words, allowed(spec, given, builtIn.takes ?? []));
  const found = await status(spec);
  if (found?.isDirectory()) return openFolder(spec, given);
  if (found?.isFile()) return openPath(spec, given);
  if (found === undefined && Object.hasOwn(publishedDatasets, spec)) return openFetched(spec, given);
  if (found) throw new DataError(`${spec}: neither a file nor a folder, got something else, expected data`);
  const nearest = nearestName(name, [...Object.keys(builtIns), ...Object.keys(publishedDatasets)]);
  const known = Object.values(builtIns).map((source) => source.spec);
  throw new DataError(
    `data: no such source, got "${spec}", expected ${known.join(", ")} or the path of an existing folder or file${nearest ? `; did you mean ${nearest}?` : ""}`,
  );
}

/** The number of training examples in a spec of this form, where it has one. */
function sized(form: string, size: string | undefined): { readonly size?: number } {
  if (size === undefined) return {};
  if (!/^[0-9]+$/.test(size))
    throw new ConfigError(`data: not a number of examples, got "${size}", expected ${form} with N such as 20000`);
  return { size: Number(size) };
}

/** Opens a dataset that `data fetch` has brought. */
async function openFetched(name: string, options: Given): Promise<DataSource> {
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
  return archive ? openPath(join(folder, archive.name), options) : openFolder(folder, options);
}

const imageOptions = ["size", "channels", "skipBroken", "classNames"] as const;

async function openFolder(folder: string, options: Given): Promise<DataSource> {
  const names = await readdir(folder).catch((cause: unknown) => {
    const code = systemCode(cause) ?? String(cause);
    throw new DataError(`${folder}: cannot be read, got ${code}, expected a folder that can`, { cause });
  });
  return names.some((name) => idxNames.has(name))
    ? openIdxFolder(folder, allowed(folder, options, []))
    : openImageFolder(folder, allowed(folder, options, imageOptions));
}

const cifarArchive = "cifar-10-binary.tar.gz";
const tableOptions = ["condition", "drop", "missing", "numbers", "columns", "classNames"] as const;

async function openPath(path: string, options: Given): Promise<DataSource> {
  if (/\.(csv|tsv|data)(\.gz)?$/i.test(path)) return openTable(path, allowed(path, options, tableOptions));
  if (/\.parquet$/i.test(path)) return openParquet(path, allowed(path, options, tableOptions));
  if (basename(path) === cifarArchive) return readCifar10((await openFile(path))!, allowed(path, options, []));
  const open = byExtension[extname(path).toLowerCase()] ?? openIdxFile;
  return open(path, allowed(path, options, []));
}

const byExtension: Readonly<Record<string, (path: string, options: SplitOptions) => Promise<DataSource>>> = {
  ".npy": openNpy,
  ".npz": openNpz,
};

/** The options for a source that has a use for `keys`, which other ones are refused, and what was chosen for data read before. */
function allowed<Key extends keyof Given>(spec: string, { like, ...options }: Given, keys: readonly Key[]) {
  const known = new Set<string>(["validation", "seed", ...keys]);
  const other = Object.entries(options).find(([key]) => !known.has(key));
  if (other)
    throw new ConfigError(
      `data: ${spec} has no ${other[0]}, got ${JSON.stringify(other[1])}, expected none for this kind of source`,
    );
  const before = Object.entries(like ? chosenBefore(like) : {}).filter(
    ([key, value]) => value !== undefined && known.has(key),
  );
  return { ...Object.fromEntries(before), ...options } as Pick<Given, Key | "validation" | "seed">;
}

/** What data read before would be read with again. */
function chosenBefore({ shape, classNames, columns, options }: DataLike): object {
  const { size, channels, condition, drop, missing, skipBroken } = options;
  const [planes, height] = shape;
  const square = shape.length === 3 && shape[2] === height && (planes === 1 || planes === 3);
  const form = square ? { size: height, channels: planes } : { size, channels };
  return { ...form, condition, drop, missing, skipBroken, classNames, columns };
}
