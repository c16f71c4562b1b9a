import type { Column } from "../data/tables/column.ts";
import { FEWEST, POOL, withDataMarginals } from "../data/tables/data-marginals.ts";
import { stream } from "../random/index.ts";
import type { SampleOptions, SamplingProgress } from "./sampling.ts";

/** Which marginals sampled rows have: the data's, or the model's own. */
export const marginalNames = ["data", "model"] as const;

interface SampledTable {
  readonly columns: readonly Column[] | undefined;
  readonly isGiven: boolean;
}

/** Rows of a pool that `draw` gives, with the data's marginals where there are columns; else what `draw` gives. */
export async function tableRows(
  table: SampledTable,
  { count, seed, marginals = "data" }: { readonly count: number; readonly seed: number; readonly marginals?: unknown },
  draw: (count: number) => Promise<Float32Array>,
): Promise<Float32Array> {
  if (!corrects(table, marginals)) return draw(count);
  return corrected(table.columns!, await draw(poolSize(count)), count, seed);
}

/** The same for a sampler with its options: the data's marginals belong to its defaults. */
export async function* tableSampling(
  table: SampledTable,
  { count, options: { marginals = "data", ...options } }: { readonly count: number; readonly options: SampleOptions },
  draw: (count: number, options: SampleOptions) => AsyncGenerator<SamplingProgress, Float32Array>,
): AsyncGenerator<SamplingProgress, Float32Array> {
  const { seed = 0, previewEvery: _, ...others } = options;
  if (!corrects(table, marginals) || Object.keys(others).length > 0) return yield* draw(count, options);
  return corrected(table.columns!, yield* draw(poolSize(count), options), count, seed);
}

const corrects = ({ columns, isGiven }: SampledTable, marginals: unknown): boolean =>
  columns !== undefined && !isGiven && marginals === "data";

const poolSize = (count: number): number => POOL * Math.max(count, FEWEST);

function corrected(columns: readonly Column[], pool: Float32Array, count: number, seed: number): Float32Array {
  const random = stream(seed, "marginals");
  const rows = withDataMarginals(columns, pool, { count: Math.max(count, FEWEST), uniform: () => random.uniform() });
  return rows.slice(0, (rows.length / Math.max(count, FEWEST)) * count);
}
