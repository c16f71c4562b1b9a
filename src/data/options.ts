import { z } from "zod";
import { ConfigError } from "../errors.ts";
import { BINARIZATIONS } from "./binarize.ts";
import type { Dataset } from "./dataset.ts";
import type { Standardization } from "./spec.ts";
import type { Column } from "./tables/column.ts";
import { numberMappings } from "./tables/infer-column.ts";
import { missingValues } from "./tables/missing-values.ts";
import { decimalMarks } from "./tables/text/number-style.ts";

/** Columns, by a flag for each or with commas between. */
const columnNames = (description: string) =>
  z.array(z.string().min(1)).min(1).optional().describe(description).meta({ repeatable: "column" });

/** Options of reading a source; their defaults depend on the source. */
export const dataOptions = z.strictObject({
  validation: z
    .number()
    .positive()
    .optional()
    .describe("examples held out for validation: a number, or a fraction below 1 (default: a tenth)"),
  size: z
    .int()
    .positive()
    .max(4096)
    .optional()
    .describe(
      "images: side of the square to crop and scale to (default: the images' own size if all have one of at most 64 a side, or 32)",
    ),
  channels: z
    .literal([1, 3])
    .optional()
    .describe("images: 1 for grayscale, 3 for color (default: grayscale if all images are)"),
  condition: z.string().min(1).optional().describe("tables: the column of the class labels"),
  drop: columnNames("tables: column to leave out"),
  categories: columnNames("tables: column whose values are categories, numbers and NA too"),
  asNumber: columnNames("tables: column whose values are numbers, few integers too; other text is missing"),
  header: z
    .enum(["yes", "no"])
    .optional()
    .describe("tables: whether the first line names the columns (default: told by what it holds)"),
  decimal: z
    .enum(decimalMarks)
    .optional()
    .describe("tables: decimal mark of all numbers (default: told column by column)"),
  encoding: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("tables: encoding of the text, such as latin1 (default: UTF-8, or UTF-16 by its byte order mark)"),
  missing: z
    .enum(missingValues)
    .optional()
    .describe(
      "tables: missing values; impute by the mean or the most frequent value, drop the rows, or refuse all (default: a category of their own, numbers refused)",
    ),
  numbers: z
    .enum(numberMappings)
    .optional()
    .describe(
      "tables: scaling of numbers; auto standardizes columns of few values or nearly normal ones and maps others by quantiles (default: auto)",
    ),
  without: z
    .array(z.string().min(1))
    .min(1)
    .max(256)
    .optional()
    .describe("classes to leave out of every split, by name or number: the anomalies of latentkit score"),
  codes: z
    .enum(["means", "samples"])
    .optional()
    .describe("codes of a run: means of q(z|x), or one sample of each (default: means)"),
  skipBroken: z.boolean().optional().describe("images: skip those that cannot be read, in place of refusing"),
});
export type DataOptions = z.output<typeof dataOptions>;

/** Those of them that an object gives. */
export function givenDataOptions(from: DataOptions): DataOptions {
  const keys: readonly string[] = Object.keys(dataOptions.shape);
  return Object.fromEntries(Object.entries(from).filter(([key, value]) => keys.includes(key) && value !== undefined));
}

/** How a run reads its data, as its run.json says. */
export const runDataOptions = z.strictObject({ binarize: z.enum(BINARIZATIONS), ...dataOptions.shape });

/** The progress of reading data, in images, rows or bytes. */
export interface LoadProgress {
  /** The path of the data. */
  readonly source: string;
  readonly done: number;
  readonly total: number;
}
export type OnLoadProgress = (progress: LoadProgress) => void;

/** How a source is opened. */
export interface DataSourceOptions extends DataOptions {
  /** Seed of generated data and of the shuffle that picks held-out examples, 0 unless given; not the seed of a training run. */
  readonly seed?: number | undefined;
  /** Whether nothing is held out of files: every example is in the training split, in file order. */
  readonly whole?: boolean | undefined;
  /** Data read before: where this source leaves a choice that was made there, it is made alike. */
  readonly like?: DataLike | undefined;
  readonly onProgress?: OnLoadProgress | undefined;
}

/** Data read before, for `like`. */
export interface DataLike {
  readonly shape: readonly number[];
  readonly classNames?: readonly string[] | undefined;
  readonly columns?: readonly Column[] | undefined;
  /** The values that became 0 and 1, or the mean and standard deviation of each column; null where values are as they are. */
  readonly range?: Dataset["range"] | undefined;
  readonly standardization?: Standardization | undefined;
  readonly options: DataOptions;
}

/** The options that were given, but for those that are not about reading itself. */
export type GivenOptions = {
  readonly [Key in keyof Omit<DataSourceOptions, "without" | "onProgress">]: NonNullable<DataSourceOptions[Key]>;
};

export function givenOptions(options: DataSourceOptions): GivenOptions {
  const { without: _, onProgress: __, ...given } = options;
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** What is known from data read before. */
interface Known {
  readonly columns?: readonly Column[];
  readonly classNames?: readonly string[];
  readonly scaling?: ArrayScaling;
  readonly shape?: readonly number[];
}

/** How values of arrays become model inputs: see DataLike. */
export type ArrayScaling = Pick<Dataset, "range" | "standardization">;

/**
 * The options of a source with the options `keys`, and those chosen for data read before. Throws ConfigError for any other
 * option.
 */
export function allowedOptions<Key extends keyof (GivenOptions & Known)>(
  spec: string,
  { like, ...options }: GivenOptions,
  keys: readonly Key[],
): Pick<GivenOptions & Known, Key | "validation" | "seed" | "whole"> {
  const known = new Set<string>(["validation", "seed", "whole", ...keys]);
  const other = Object.entries(options).find(([key]) => !known.has(key));
  if (other)
    throw new ConfigError(
      `data: ${spec} has no ${other[0]}, got ${JSON.stringify(other[1])}, expected none for this kind of source`,
    );
  const before = Object.entries(like ? chosenBefore(like) : {}).filter(
    ([key, value]) => value !== undefined && known.has(key),
  );
  return { ...Object.fromEntries(before), ...options } as Pick<
    GivenOptions & Known,
    Key | "validation" | "seed" | "whole"
  >;
}

/** What data read before would be read with again. */
function chosenBefore({ shape, classNames, columns, range, standardization, options }: DataLike): object {
  const { channels, condition, drop, categories, asNumber, header, decimal, encoding, missing, skipBroken } = options;
  const [planes, height, width] = shape;
  const image = shape.length === 3 && (planes === 1 || planes === 3);
  const scaling = range === undefined ? undefined : { range, ...(standardization && { standardization }) };
  return {
    ...(image ? { shape, channels: planes, ...(height === width && { size: height }) } : { channels }),
    condition,
    drop,
    categories,
    asNumber,
    header,
    decimal,
    encoding,
    missing,
    skipBroken,
    classNames,
    columns,
    scaling,
  };
}
