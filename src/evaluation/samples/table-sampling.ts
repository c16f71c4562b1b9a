import type { Column } from "../../data/tables/column.ts";
import { POOL, withDataMarginals } from "../../data/tables/numbers/data-marginals.ts";
import { ConfigError } from "../../errors.ts";
import { stream } from "../../random/index.ts";
import { drain, marginalNames, type SampledMarginals, type SampleOptions } from "./sampling.ts";
import type { SamplingProgress } from "./sampling-loop.ts";

/** Rows whose marginals are corrected together: whole blocks are made, so that row i does not depend on how many are wanted. */
const BLOCK = 1024;

interface SampledTable {
  readonly columns: readonly Column[] | undefined;
  readonly isGiven: boolean;
  /** Whether the model's samples have the data's marginals as they are. */
  readonly model: { readonly dataMarginals?: true };
}

/** Some of all rows that a seed gives: `count` from place `first` on. */
interface Wanted {
  readonly count: number;
  readonly first: number;
  readonly seed: number;
}

/** Rows of a table with the data's marginals, from what `draw` gives; elsewhere, what it gives. */
export async function tableRows(
  table: SampledTable,
  { marginals, ...wanted }: Wanted & { readonly marginals?: SampledMarginals | undefined },
  draw: (count: number, first: number) => Promise<Float32Array>,
): Promise<Float32Array> {
  if (!corrects(table, marginals, true)) return draw(wanted.count, wanted.first);
  return drain(inBlocks(table.columns!, wanted, (count, first) => atOnce(draw(count, first))));
}

/** The same for a sampler with its options: by default, the data's marginals belong to its defaults. */
export async function* tableSampling(
  table: SampledTable,
  { count, options: { marginals, ...options } }: { readonly count: number; readonly options: SampleOptions },
  draw: (count: number, options: SampleOptions) => AsyncGenerator<SamplingProgress, Float32Array>,
): AsyncGenerator<SamplingProgress, Float32Array> {
  const { seed = 0, first = 0, previewEvery: _, ...others } = options;
  if (!corrects(table, marginals, Object.keys(others).length === 0)) return yield* draw(count, options);
  return yield* inBlocks(table.columns!, { count, first, seed }, (of, at) => draw(of, { ...options, first: at }));
}

/** Whether rows are given the data's marginals. Throws ConfigError where marginals are asked for that there are none of. */
function corrects({ columns, isGiven, model }: SampledTable, asked: unknown, byDefault: boolean): boolean {
  const marginals = marginalNames.find((name) => name === (asked ?? (byDefault && !isGiven ? "data" : "model")));
  if (!marginals)
    throw new ConfigError(
      `sample: no such marginals, got ${JSON.stringify(asked)}, expected one of ${marginalNames.join(", ")}`,
    );
  if (asked === "data" && !columns)
    throw new ConfigError("sample: marginals are of columns of a table, got data for other examples, expected none");
  if (asked === "data" && isGiven)
    throw new ConfigError(
      "sample: the data's marginals are those of all rows, got a condition, expected one or the other",
    );
  return columns !== undefined && marginals === "data" && model.dataMarginals !== true;
}

// oxlint-disable-next-line require-yield -- what is drawn at once has no progress
async function* atOnce(drawn: Promise<Float32Array>): AsyncGenerator<never, Float32Array> {
  return drawn;
}

async function* inBlocks<Progress>(
  columns: readonly Column[],
  { count, first, seed }: Wanted,
  draw: (count: number, first: number) => AsyncGenerator<Progress, Float32Array>,
): AsyncGenerator<Progress, Float32Array> {
  let rows: Float32Array | undefined;
  const begin = Math.floor(first / BLOCK);
  for (let block = begin; block * BLOCK < first + count; block++) {
    const pool = yield* draw(POOL * BLOCK, block * POOL * BLOCK);
    const width = pool.length / (POOL * BLOCK);
    const random = stream(seed, "marginals", block);
    const made = withDataMarginals(columns, pool, { count: BLOCK, uniform: () => random.uniform() });
    rows ??= new Float32Array(count * width);
    const from = Math.max(0, first - block * BLOCK);
    const to = Math.min(BLOCK, first + count - block * BLOCK);
    rows.set(made.subarray(from * width, to * width), (block * BLOCK + from - first) * width);
  }
  return rows!;
}
