import { basename } from "node:path";
import type { Dataset } from "../../../data/dataset.ts";
import { gapLines } from "../../../data/tables/gaps.ts";
import { arrayDatasets } from "../../../data/arrays/array-dataset.ts";
import type { ArrayPart } from "../../../data/arrays/named-array.ts";
import { scalingText } from "../../../data/arrays/array-scaling.ts";
import type { KeyedParts } from "../../../data/arrays/array-keys.ts";
import { readNpz } from "../../../data/formats/npz.ts";
import { readNumbers } from "../../../data/formats/read-npy.ts";
import type { ArrayScaling, OnLoadProgress } from "../../../data/options.ts";
import {
  completeParts,
  createDataSource,
  split,
  type SplitOptions,
  whole,
  type DataSource,
} from "../../../data/split.ts";
import { readZip } from "../../../data/formats/zip.ts";
import { hasFactors, openFactors } from "./factors.ts";
import { openFile } from "../open-file.ts";

/** How arrays become examples: their splits, and what a run that was trained before knows of their values and classes. */
export interface ArrayOptions extends SplitOptions {
  readonly scaling?: ArrayScaling;
  readonly classNames?: readonly string[];
  readonly onProgress?: OnLoadProgress;
}

/** Opens a .npy file whose rows are examples; a tenth is held out to test. */
export async function openNpy(path: string, options: ArrayOptions): Promise<DataSource> {
  const examples: ArrayPart["examples"] = { name: path, ...(await readNumbers((await openFile(path))!)) };
  const { whole: dataset } = await arrayDatasets(basename(path), { whole: { examples } }, options);
  return createDataSource({
    name: dataset!.name,
    description: dataset!.description,
    ...notesOf(dataset!),
    ...split(dataset!, { ...options, test: 0.1 }),
  });
}

/** Opens a .npz file by the rule of `readNpz`, or as `openFactors` does where it is laid out as dSprites. */
export async function openNpz(path: string, options: ArrayOptions): Promise<DataSource> {
  const file = (await openFile(path))!;
  const arrays = await readZip(file);
  return hasFactors(arrays) ? openFactors(path, arrays, options) : arraysSource(path, await readNpz(file), options);
}

/** The arrays of a file as a source. Parts it lacks are held out, a tenth each, as `options` say. */
export async function arraysSource(path: string, parts: KeyedParts, options: ArrayOptions): Promise<DataSource> {
  const name = basename(path);
  const { whole: all, train, validation, test } = await arrayDatasets(name, parts, options);
  const learned = (train ?? all)!;
  const counts = [
    `${learned.size} examples of [${learned.shape.join(", ")}]`,
    ...(validation ? [`${validation.size} to validate`] : []),
    ...(test ? [`${test.size} to test`] : []),
  ];
  return createDataSource({
    name,
    description: `${counts.join(", ")} from ${path}, ${scalingText(learned)}`,
    ...notesOf(learned),
    ...completeParts(
      {
        train: whole(learned),
        // Asking for so many takes them from what is learned from.
        ...(validation && options.validation === undefined && { validation: whole(validation) }),
        ...(test && { test: whole(test) }),
      },
      options,
    ),
  });
}

/** What there is to say of gaps. */
const notesOf = ({ gaps }: Dataset): { readonly notes?: readonly string[] } => (gaps ? { notes: gapLines(gaps) } : {});
