import { Batches } from "./batches.ts";
import type { Binarization } from "./binarize.ts";
import type { Split } from "./split.ts";

/** The first `count` examples of a split in file order, [count, ...shape], all of them where it has fewer. */
export function firstExamples(split: Split, count: number, binarize: Binarization = "none"): Float32Array {
  const batchSize = Math.min(count, split.indices.length);
  const batches = new Batches(split, { batchSize, purpose: "evaluation", binarize });
  const x = new Float32Array(batchSize * batches.exampleSize);
  batches.fillExamples(x, { epoch: 0, index: 0 });
  return x;
}
