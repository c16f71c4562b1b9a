/** Image grids of a hierarchy of latents: what of an example each level holds. */
import type { Binarization } from "../../data/binarize.ts";
import { exampleSize } from "../../data/dataset.ts";
import { firstExamples } from "../../data/first-examples.ts";
import type { Split } from "../../data/split.ts";
import { latentCodes } from "../../evaluation/latent-codes.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";

/** Which side of each cut keeps the codes of the example; the other side is sampled from the prior. */
export const keptSides = ["above", "below"] as const;
export type KeptSide = (typeof keptSides)[number];

/** A column of the picture: the codes of an example from the first latent to the last are its own. */
export interface LevelColumn {
  readonly from: string;
  readonly to: string;
}

/**
 * A row for each example: the example, then means of p(x|z) with a part of its latents at one sample of q(z|x) and the others sampled from
 * the prior. With `above`, column l keeps the l latents at the top, and those below are sampled given them; the last column keeps all. With
 * `below`, it keeps all but the l latents at the top, which are those of another sample of the prior. At most `columns` cuts, evenly spaced.
 */
export async function levelsGrid(
  trained: TrainedModel,
  options: {
    readonly split: Split;
    readonly binarize: Binarization;
    readonly keep: KeptSide;
    readonly columns: number;
    readonly seed: number;
  },
): Promise<{ readonly grid: ImageGrid; readonly columns: readonly LevelColumn[] }> {
  const { split, binarize, keep, seed } = options;
  const names = trained.model.latents!.map(({ name }) => name);
  const own = await latentCodes(trained, { split, take: "samples", binarize, seed });
  const count = split.indices.length;
  const prior = keep === "below" ? await trained.priorCodes(count, { seed }) : {};
  const cuts = evenly(keep === "above" ? 1 : 0, keep === "above" ? names.length : names.length - 1, options.columns);
  const sets = [firstExamples(split, count, binarize)];
  const columns: LevelColumn[] = [];
  for (const cut of cuts) {
    const kept = keep === "above" ? names.slice(0, cut) : names.slice(cut);
    const codes = Object.fromEntries(
      keep === "above"
        ? kept.map((name) => [name, own[name]!])
        : names.map((name, i) => [name, (i < cut ? prior : own)[name]!]),
    );
    sets.push(await trained.decodeLatents(codes, { below: "samples", seed }));
    columns.push({ from: kept[0]!, to: kept.at(-1)! });
  }
  const { shape, kind } = trained;
  return {
    grid: {
      sets: [interleaved(sets, exampleSize(trained))],
      count: count * sets.length,
      columns: sets.length,
      shape,
      kind,
    },
    columns,
  };
}

/** At most `most` whole numbers from `low` to `high`, both among them. */
function evenly(low: number, high: number, most: number): readonly number[] {
  const count = Math.min(most, high - low + 1);
  if (count === 1) return [high];
  return Array.from({ length: count }, (_, i) => Math.round(low + (i * (high - low)) / (count - 1)));
}

/** The i-th example of each set side by side. */
function interleaved(sets: readonly Float32Array[], size: number): Float32Array {
  const out = new Float32Array(sets.length * sets[0]!.length);
  sets.forEach((set, column) => {
    for (let row = 0; row * size < set.length; row++)
      out.set(set.subarray(row * size, (row + 1) * size), (row * sets.length + column) * size);
  });
  return out;
}
