import { basename } from "node:path";
import { arrayDatasets } from "../data/array-dataset.ts";
import type { Dataset } from "../data/dataset.ts";
import { readNpz } from "../data/npz.ts";
import { readNpy } from "../data/read-npy.ts";
import { createDataSource, split, type SplitOptions, whole, type DataSource } from "../data/split.ts";
import { openFile } from "./data-files.ts";

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

/** Opens a .npz file by the rule of `readNpz`. Parts it lacks are held out, a tenth each, as `options` say. */
export async function openNpz(path: string, options: SplitOptions): Promise<DataSource> {
  const name = basename(path);
  const { whole: all, train, validation, test } = await arrayDatasets(name, await readNpz((await openFile(path))!));
  const learned = (train ?? all)!;
  const counts = [
    `${learned.size} examples of [${learned.shape.join(", ")}]`,
    ...(validation ? [`${validation.size} to validate`] : []),
    ...(test ? [`${test.size} to test`] : []),
  ];
  return createDataSource({
    name,
    description: `${counts.join(", ")} from ${path}`,
    ...completed({ learned, validation: options.validation === undefined ? validation : undefined, test }, options),
  });
}

/** The three splits, those that are missing taken from what is learned from. */
function completed(
  { learned, validation, test }: { learned: Dataset; validation: Dataset | undefined; test: Dataset | undefined },
  options: SplitOptions,
): Pick<DataSource, "train" | "validation" | "test"> {
  if (!validation && !test) return split(learned, { ...options, test: 0.1 });
  if (!validation) return { ...split(learned, options), test: whole(test!) };
  if (test) return { train: whole(learned), validation: whole(validation), test: whole(test) };
  const { train, validation: held } = split(learned, options);
  return { train, validation: whole(validation), test: held };
}
