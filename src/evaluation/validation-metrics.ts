import type { Binarization } from "../data/binarize.ts";
import { inRandomOrder } from "../data/examples/drawn-examples.ts";
import type { Split } from "../data/split.ts";
import { requireCapabilities } from "./capabilities.ts";
import { SplitProgram } from "./map-split.ts";
import type { ModelOnDevice } from "./model-on-device.ts";

/** Means over the examples of a split of the metrics that a model reports of each, in its order: lower is better. */
export type ValidationMetrics = Readonly<Record<string, number>>;

/**
 * A model's own metrics over a split, in a random order: some compare the examples of a batch with each other, and files are often sorted. Binarized data is sampled by the fixed evaluation stream, and the model's own samples by
 * a stream of theirs, so they depend on the weights alone. Throws UnsupportedOpError where the model reports none.
 */
export async function validationMetrics(
  trained: ModelOnDevice,
  {
    split,
    binarize,
    batchSize = 500,
  }: { readonly split: Split; readonly binarize: Binarization; readonly batchSize?: number },
): Promise<ValidationMetrics> {
  const { model } = trained;
  requireCapabilities(model, ["validation"], { where: "evaluate" });
  const over = new SplitProgram(
    trained,
    { split: inRandomOrder(split), binarize, batchSize, key: "validation", program: "evaluate" },
    (x, context) => model.validation!(x, context),
  );
  const names = over.program.outputs;
  const sums = names.map(() => 0);
  for await (const { count, compute } of over.run()) {
    const found = await compute();
    names.forEach((name, k) => {
      const values = found[name]!;
      for (let i = 0; i < count; i++) sums[k]! += Number(values[i]);
    });
  }
  return Object.fromEntries(names.map((name, k) => [name, sums[k]! / split.indices.length]));
}
