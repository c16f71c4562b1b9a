import { z } from "zod";
import { BINARIZATIONS } from "./binarize.ts";
import type { Column } from "./tables/column.ts";
import { numberMappings } from "./tables/raw-column.ts";

/** How a source is read, for those sources that leave it open. Everything has a default by the source itself. */
export const dataOptions = z.strictObject({
  validation: z
    .number()
    .positive()
    .optional()
    .describe("examples held out for validation: a number, or a share below 1 (default: a tenth)"),
  size: z
    .int()
    .positive()
    .max(4096)
    .optional()
    .describe("images: side of the square they are cropped and scaled to (default: theirs if small, or 32)"),
  channels: z
    .literal([1, 3])
    .optional()
    .describe("images: 1 for gray, 3 for color (default: gray if all of a few are)"),
  condition: z.string().min(1).optional().describe("tables: the column whose values are the classes"),
  drop: z.array(z.string().min(1)).optional().describe("tables: columns to leave out"),
  missing: z
    .enum(["refuse", "impute"])
    .optional()
    .describe("tables: what becomes of missing values; impute takes the mean or the most frequent (default: refuse)"),
  numbers: z
    .enum(numberMappings)
    .optional()
    .describe(
      "tables: how numbers are scaled; auto takes quantiles where there are many values, skewed or heaped on one (default: auto)",
    ),
  without: z
    .array(z.string().min(1))
    .min(1)
    .max(256)
    .optional()
    .describe("classes to leave out of every split, by name or number: what latentkit score is then to find"),
  codes: z
    .enum(["means", "samples"])
    .optional()
    .describe("codes of a run: means of q(z|x), or one sample each (default: means)"),
  skipBroken: z.boolean().optional().describe("images: leave out those that cannot be read, in place of refusing"),
});
export type DataOptions = z.output<typeof dataOptions>;

/** Those of them that an object gives. */
export function givenDataOptions(from: DataOptions): DataOptions {
  const keys: readonly string[] = Object.keys(dataOptions.shape);
  return Object.fromEntries(Object.entries(from).filter(([key, value]) => keys.includes(key) && value !== undefined));
}

/** How a run reads its data, as its run.json says. */
export const runDataOptions = z.strictObject({ binarize: z.enum(BINARIZATIONS), ...dataOptions.shape });

/** How a source is opened. */
export interface DataSourceOptions extends DataOptions {
  /** Seed of generated data and of the shuffle that picks held-out examples, 0 unless given; not the seed of a training run. */
  readonly seed?: number | undefined;
  /** Data read before: where this source leaves a choice that was made there, it is made alike. */
  readonly like?: DataLike | undefined;
}

export interface DataLike {
  readonly shape: readonly number[];
  readonly classNames?: readonly string[] | undefined;
  readonly columns?: readonly Column[] | undefined;
  readonly options: DataOptions;
}
