import { type KeyedArray, keyedParts, type KeyedParts } from "../arrays/array-keys.ts";
import type { SlicedFile } from "./byte-file.ts";
import { readNpyText } from "./npy-text.ts";
import { npyShape, readNumbers, type ReadNpyOptions } from "./read-npy.ts";
import { readZip } from "./zip.ts";

/**
 * Reads examples and labels from a NumPy archive (.npz). Keys are matched by their words, in any order and case: `x`, `data`, `images`, `imgs`,
 * `features` or `examples` are examples, `y`, `labels`, `targets` or `classes` labels; `train`, `val`, `valid`, `validation` or `test` name the
 * split, without which all examples are one set. The only array of an archive needs no such key. Any other array of numbers with a row for each
 * example is a field by the rest of its key; what else there is, is ignored. Throws `DataError`.
 */
export async function readNpz(file: SlicedFile, options: ReadNpyOptions = {}): Promise<KeyedParts> {
  const arrays = [...(await readZip(file))].map(([entry, array]): KeyedArray => {
    const numbers = () => readNumbers(array, options);
    return {
      key: entry.replace(/\.npy$/, ""),
      name: array.name,
      shape: () => npyShape(array),
      numbers,
      labels: async () => (await readNpyText(array)) ?? (await numbers()),
    };
  });
  return keyedParts(file.name, arrays);
}
