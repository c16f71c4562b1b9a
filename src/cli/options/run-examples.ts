/** The examples that commands use a run on. */
import type { Command } from "commander";
import { z } from "zod";
import { everyExample } from "../../data/examples/every-example.ts";
import { refuseOtherShape, type Split, type SplitName, splitNames } from "../../data/split.ts";
import { ConfigError, DataError } from "../../errors.ts";
import type { Shape } from "../../graph/shape.ts";
import type { LoadedRun } from "../../runs/load-run.ts";
import { printAside } from "../output/terminal.ts";

export interface ExampleOptions {
  readonly data?: string;
}

/** Which split a command takes its examples from. */
export const splitSetting = z
  .enum(splitNames)
  .optional()
  .describe("split of the data (default: test, if the data have one; of --data every example, in file order)");

export const addExampleOptions = (command: Command): Command =>
  command.option(
    "--data <source>",
    "data of the examples, all of them unless --split is given (default: the run's own)",
  );

export interface RunExamples {
  readonly split: Split;
  /** The data's own name, and the split's. */
  readonly data: string;
  readonly splitName: SplitName | "all";
}

/**
 * The examples of a command: a split of the run's data, or of others of the same shape, or the one given, every example in file order, or the split
 * asked for.
 * Throws DataError where they do not fit.
 */
export async function optionExamples(
  { trained, openData, openDataLike }: LoadedRun,
  { data }: ExampleOptions,
  wanted?: SplitName,
  { shape = trained.shape, ...from }: { readonly everyClass?: boolean; readonly shape?: Shape } = {},
): Promise<RunExamples> {
  const all = data !== undefined && wanted === undefined;
  const source = await (data === undefined ? openData(from) : openDataLike(data, { whole: all, shape }));
  const splitName = all
    ? "all"
    : (wanted ?? (["test", "validation"] as const).find((name) => source[name].indices.length > 0) ?? "train");
  const split = splitName === "all" ? await everyExample(source) : source[splitName];
  refuseOtherShape(source.name, split, shape);
  if (split.indices.length === 0)
    throw new DataError(`${source.name}: no ${splitName} examples, got 0, expected some; choose another --split`);
  if (data !== undefined) for (const note of source.notes ?? []) printAside(`${source.name}: ${note}`);
  return { split, data: source.name, splitName };
}

/** The examples at these places of a split, counted from 0. Throws ConfigError naming `option` for one it does not have. */
export function pickedExamples({ dataset, indices }: Split, places: readonly number[], option: string): Split {
  const wrong = places.find((place) => place >= indices.length);
  if (wrong !== undefined)
    throw new ConfigError(`${option}: no such example, got ${wrong}, expected 0 to ${indices.length - 1}`);
  return { dataset, indices: Uint32Array.from(places, (place) => indices[place]!) };
}

/** Places of examples in a split, as a setting. */
export const placesSetting = z
  .array(
    z
      .int()
      .min(0)
      .max(2 ** 32 - 1),
  )
  .min(1)
  .max(10_000);

/** Places of examples where none are named: the first, or of `given` ones all of at most 16. */
export const usualPlaces = ({ indices }: Split, given: boolean): readonly number[] =>
  Array.from({ length: Math.min(given ? 16 : 1, indices.length) }, (_, i) => i);

/** Each example so many times in succession. */
export const repeated = ({ dataset, indices }: Split, count: number): Split => ({
  dataset,
  indices: Uint32Array.from({ length: indices.length * count }, (_, i) => indices[Math.floor(i / count)]!),
});
