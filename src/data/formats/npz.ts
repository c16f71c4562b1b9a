import { DataError } from "../../errors.ts";
import type { ArrayPart, NamedArray } from "./array-dataset.ts";
import type { ByteFile, SlicedFile } from "./byte-file.ts";
import { npyShape, readNpy, type ReadNpyOptions } from "./read-npy.ts";
import { readZip } from "./zip.ts";

const partWords = {
  train: ["train", "training"],
  validation: ["val", "valid", "validation"],
  test: ["test", "testing"],
} as const;
const kindWords = {
  examples: ["x", "data", "images", "image", "imgs", "features", "examples"],
  labels: ["y", "labels", "label", "targets", "target", "classes"],
} as const;
export type NpzPart = keyof typeof partWords;

/**
 * Reads examples and labels from a NumPy archive (.npz). Keys are matched by their words, in any order and case: `x`, `data`, `images`, `imgs`,
 * `features` or `examples` are examples, `y`, `labels`, `targets` or `classes` labels; `train`, `val`, `valid`, `validation` or `test` name the
 * split, without which all examples are one set. The only array of an archive needs no such key. Any other array of numbers with a row for each
 * example is a field by the rest of its key; what else there is, is ignored. Throws `DataError`.
 */
export async function readNpz(
  file: SlicedFile,
  options: ReadNpyOptions = {},
): Promise<Partial<Record<NpzPart | "whole", ArrayPart>>> {
  const found = new Map<string, ByteFile>();
  const others: [part: string, field: string, array: ByteFile][] = [];
  const arrays = [...(await readZip(file))].map(([entry, array]) => [entry.replace(/\.npy$/, ""), array] as const);
  for (const [key, array] of arrays) {
    const role = arrays.length === 1 ? "whole examples" : roleOf(key);
    if (role === undefined) {
      others.push([...fieldOf(key), array]);
      continue;
    }
    if (found.has(role))
      throw new DataError(`${array.name}: two arrays for one role, got another of ${role}, expected one`);
    found.set(role, array);
  }
  const read = async (role: string): Promise<NamedArray | undefined> => {
    const array = found.get(role);
    return array && { name: array.name, ...(await readNpy(array, options)) };
  };
  const parts: Partial<Record<NpzPart | "whole", ArrayPart>> = {};
  const either = found.has("train examples") ? (["train", "validation", "test"] as const) : (["whole"] as const);
  for (const part of either) {
    const examples = await read(`${part} examples`);
    const labels = examples && (await read(`${part} labels`));
    if (!examples) continue;
    const fields: Record<string, NamedArray> = {};
    for (const [of, field, array] of others)
      if (of === part && (await npyShape(array))?.[0] === examples.shape[0])
        fields[field] = { name: array.name, ...(await readNpy(array, options)) };
    parts[part] = { examples, ...(labels && { labels }), ...(Object.keys(fields).length > 0 && { fields }) };
  }
  if (Object.keys(parts).length === 0)
    throw new DataError(
      `${file.name}: no examples, got keys ${
        arrays
          .map(([key]) => key)
          .slice(0, 10)
          .join(", ") || "none"
      }, expected x (with y), or x_train (with y_train, x_test, y_test)`,
    );
  return parts;
}

/** Role of an array, such as "train labels"; undefined for other keys. */
function roleOf(key: string): string | undefined {
  const words = key.toLowerCase().split(/[\s._-]+/);
  const part = nameOf(partWords, words);
  const kind = nameOf(kindWords, words);
  if (Number(part !== undefined) + Number(kind !== undefined) !== words.length) return undefined;
  return `${part ?? "whole"} ${kind ?? "examples"}`;
}

/** Part and name of a field: of `attributes_train`, `train` and `attributes`. */
function fieldOf(key: string): [part: string, field: string] {
  const isPart = (word: string): boolean => nameOf(partWords, [word.toLowerCase()]) !== undefined;
  const words = key.split(/[\s._-]+/);
  const part = nameOf(partWords, words.map((word) => word.toLowerCase()).filter(isPart));
  return part ? [part, words.filter((word) => !isPart(word)).join("_")] : ["whole", key];
}

/** The first name with a word among the given ones. */
function nameOf<Name extends string>(table: Readonly<Record<Name, readonly string[]>>, words: readonly string[]) {
  return (Object.keys(table) as Name[]).find((name) => words.some((word) => table[name].includes(word)));
}
