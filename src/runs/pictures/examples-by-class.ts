import { ExampleReader } from "../../data/storage/example-reader.ts";
import { FIXED_BINARIZATION } from "../../data/binarize.ts";
import { exampleSize } from "../../data/dataset.ts";
import { splitSpec } from "../../data/split-spec.ts";
import type { Split } from "../../data/split.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";

/** The first `perClass` examples of each class, a row a class; the first hundred in rows of ten where there are no labels. */
export function examplesByClass(split: Split, perClass: number): ImageGrid {
  const { dataset, indices } = split;
  const { labels, shape } = dataset;
  const classes = labels ? (dataset.classNames?.length ?? 0) : 10;
  const rows = Array.from({ length: classes }, (): number[] => []);
  for (const [at, i] of indices.entries()) {
    const row = rows[labels ? labels[i]! : Math.floor(at / perClass)];
    if (row && row.length < perClass) row.push(i);
    if (rows.every((r) => r.length === perClass)) break;
  }
  const size = exampleSize(dataset);
  const images = new Float32Array(classes * perClass * size);
  const reader = new ExampleReader(dataset, "none");
  // A class with too few examples leaves its places black.
  rows.forEach((row, r) =>
    reader.read(images.subarray(r * perClass * size), Uint32Array.from(row), FIXED_BINARIZATION),
  );
  return { sets: [images], count: classes * perClass, columns: perClass, shape, kind: splitSpec(split).kind };
}
