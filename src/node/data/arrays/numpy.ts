import { basename } from "node:path";
import { arrayDatasets } from "../../../data/formats/array-dataset.ts";
import { readNpz } from "../../../data/formats/npz.ts";
import { readNpy } from "../../../data/formats/read-npy.ts";
import type { OnLoadProgress } from "../../../data/options.ts";
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

/** Opens a .npy file whose rows are examples; a tenth is held out to test. */
export async function openNpy(path: string, options: SplitOptions): Promise<DataSource> {
  const array = await readNpy((await openFile(path))!);
  const { whole: dataset } = await arrayDatasets(basename(path), { whole: { examples: { name: path, ...array } } });
  return createDataSource({
    name: dataset!.name,
    description: dataset!.description,
    ...split(dataset!, { ...options, test: 0.1 }),
  });
}

/** Opens a .npz file by the rule of `readNpz`, or as `openFactors` does where it is laid out as dSprites. Parts it lacks are held out, a tenth each, as `options` say. */
export async function openNpz(
  path: string,
  { onProgress, ...options }: SplitOptions & { readonly onProgress?: OnLoadProgress },
): Promise<DataSource> {
  const name = basename(path);
  const file = (await openFile(path))!;
  const arrays = await readZip(file);
  if (hasFactors(arrays)) return openFactors(path, arrays, { ...options, ...(onProgress && { onProgress }) });
  const { whole: all, train, validation, test } = await arrayDatasets(name, await readNpz(file));
  const learned = (train ?? all)!;
  const counts = [
    `${learned.size} examples of [${learned.shape.join(", ")}]`,
    ...(validation ? [`${validation.size} to validate`] : []),
    ...(test ? [`${test.size} to test`] : []),
  ];
  return createDataSource({
    name,
    description: `${counts.join(", ")} from ${path}`,
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
