import { FIXED_BINARIZATION } from "../src/data/binarize.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { ExampleReader } from "../src/data/storage/example-reader.ts";
import { rowText } from "../src/data/tables/row-text.ts";

/** The examples of a table, as text of its columns. */
export function tableRows(dataset: Dataset): readonly (readonly string[])[] {
  const reader = new ExampleReader(dataset, "none");
  return Array.from({ length: dataset.size }, (_, i) => {
    const example = new Float32Array(dataset.shape[0]!);
    reader.read(example, Uint32Array.of(i), FIXED_BINARIZATION);
    return rowText(dataset.columns!, example);
  });
}
