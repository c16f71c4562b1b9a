import type { Binarization } from "../data/binarize.ts";
import { inRandomOrder } from "../data/examples/drawn-examples.ts";
import type { Split } from "../data/split.ts";
import { requireCapabilities } from "./capabilities.ts";
import { codebookUse } from "../metrics/codes/codebook-use.ts";
import { SplitProgram } from "./map-split.ts";
import type { ModelOnDevice } from "./model-on-device.ts";
import { SymbolCounts, type SymbolLatent, symbolLatents, symbolsOf, useSuffix } from "./latent-codes.ts";

/**
 * Means over the examples of a split of the metrics that a model reports of each, in its order: lower is better. After them, of a model
 * whose codes are symbols, how varied those of the whole split are: see `isUse`.
 */
export type ValidationMetrics = Readonly<Record<string, number>>;

/** The names of a codebook's use, with the latent's where there are several. */
const useNames = ["codebookPerplexity", "codebookUsage"] as const;

/** Whether a metric says how much of a codebook is used: higher is better. */
export const isUse = (name: string): boolean => useNames.some((use) => name.startsWith(use));

/** Before the names of outputs that are symbols. */
const SYMBOLS = "symbols of ";

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
    (x, context) => ({
      ...model.validation!(x, context),
      ...Object.fromEntries(
        Object.entries(symbolsOf(model, x, context)).map(([name, symbols]) => [SYMBOLS + name, symbols]),
      ),
    }),
  );
  const names = over.program.outputs.filter((name) => !name.startsWith(SYMBOLS));
  const sums = names.map(() => 0);
  const latents = symbolLatents(model);
  const symbols = new SymbolCounts(latents);
  for await (const { count, compute } of over.run()) {
    const found = await compute();
    names.forEach((name, k) => {
      const values = found[name]!;
      for (let i = 0; i < count; i++) sums[k]! += Number(values[i]);
    });
    for (const name of symbols.counts.keys()) {
      const codes = found[SYMBOLS + name]!;
      symbols.add(name, codes.slice(0, (codes.length / over.size) * count));
    }
  }
  return {
    ...Object.fromEntries(names.map((name, k) => [name, sums[k]! / split.indices.length])),
    ...usesOf(latents, symbols),
  };
}

function usesOf(latents: readonly SymbolLatent[], { counts }: SymbolCounts): ValidationMetrics {
  return Object.fromEntries(
    latents.flatMap(({ name }) => {
      const { perplexity, usage } = codebookUse(counts.get(name)!);
      const suffix = useSuffix(latents, name);
      return [
        [`codebookPerplexity${suffix}`, perplexity],
        [`codebookUsage${suffix}`, usage],
      ];
    }),
  );
}
