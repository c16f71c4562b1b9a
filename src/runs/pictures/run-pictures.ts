import { Batches } from "../../data/batches.ts";
import type { Binarization } from "../../data/binarize.ts";
import type { Split } from "../../data/split.ts";
import { checkedField, fieldArray, fillField } from "../../data/fields.ts";
import { conditionFields } from "../../evaluation/map-split.ts";
import { DataError, UnsupportedOpError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { GaussianMixture } from "../../latent/gaussian-mixture.ts";
import { percentileGrid } from "../../latent/percentiles.ts";
import { unitReport } from "../../metrics/codes/unit-report.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import { stream } from "../../random/index.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";

/** The first `count` examples of a split in file order, [count, ...shape], all of them where it has fewer. */
export function firstExamples(split: Split, count: number, binarize: Binarization = "none"): Float32Array {
  const batchSize = Math.min(count, split.indices.length);
  const batches = new Batches(split, { batchSize, purpose: "evaluation", binarize });
  const x = new Float32Array(batchSize * batches.exampleSize);
  batches.fillExamples(x, { epoch: 0, index: 0 });
  return x;
}

/**
 * The model for the examples of a split in file order: given their labels where it learns from labels. Throws DataError where
 * they have none.
 */
export function forExamples(trained: TrainedModel, split: Split): TrainedModel {
  const { condition } = trained.model;
  const fields = conditionFields(trained, split);
  if (fields.length === 0) return trained;
  const { name } = split.dataset;
  if (condition?.required && !split.dataset.labels && fields.some(({ kind }) => kind === "class"))
    throw new DataError(`${name}: no labels, got none, expected one for each example; or take --label`);
  return trained.given(
    Object.fromEntries(
      fields.map((spec) => {
        const field = checkedField(split.dataset, split.indices, spec);
        const values = fieldArray(spec, split.indices.length);
        fillField(field, split.indices, values);
        return [spec.name, Array.from<bigint | number, number>(values, Number)];
      }),
    ),
  );
}

/**
 * The model to sample from where people look at its samples: told what is known of the examples of a split where it must be told more than
 * a class, else as it is. Undefined where the split has no examples to tell it of.
 */
export function forSamples(trained: TrainedModel, split: Split): TrainedModel | undefined {
  const { condition } = trained.model;
  const byClassAlone = condition?.fields.length === 1 && condition.fields[0]!.kind === "class";
  if (!condition?.required || byClassAlone || trained.isGiven) return trained;
  return split.indices.length === 0 ? undefined : forExamples(trained, split);
}

export interface SampleSheetOptions {
  readonly count: number;
  readonly seed?: number;
  readonly temperature?: number;
  /** Whether means of p(x|z) are shown in place of samples. */
  readonly mean?: boolean;
  /** The sampler's own options. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Where codes are drawn from in place of the model's prior. */
  readonly density?: GaussianMixture | undefined;
  /** Of a density, in place of a temperature: how far codes lie from its means, in its standard deviations. */
  readonly radius?: number | undefined;
}

/** New examples from the model, as near to a square as they go; of a class-conditional model as many of each class as come out even. */
export async function sampleGrid(
  trained: TrainedModel,
  { count, density, radius, temperature, mean, options, seed = 0 }: SampleSheetOptions,
): Promise<ImageGrid> {
  const { shape, model } = trained;
  const sample = (from: TrainedModel): Promise<Float32Array> =>
    density
      ? from.decode(
          density.sample(count, stream(seed, "sample"), { ...(temperature !== undefined && { temperature }), radius }),
        )
      : from.sample(count, {
          seed,
          ...(temperature !== undefined && { temperature }),
          ...(mean && { mean }),
          ...options,
        });
  const field = model.condition?.fields.find(({ kind }) => kind === "class");
  const columns = Math.ceil(Math.sqrt(count));
  if (!model.condition?.required || field?.kind !== "class" || trained.isGiven)
    return { sets: [await sample(trained)], count, columns, shape };
  // A row a class where there is room for them all, else as many classes as samples.
  const classes = field.classes.length;
  const labels = Array.from({ length: count }, (_, i) => Math.floor((i * classes) / count));
  const set = await sample(trained.given({ [field.name]: labels }));
  return { sets: [set], count, columns: Math.max(1, Math.ceil(count / classes)), shape };
}

/** Examples above their reconstructions, 16 a row. */
export async function reconstructionGrid(trained: TrainedModel, examples: Float32Array): Promise<ImageGrid> {
  const { shape } = trained;
  const count = examples.length / sizeOf(shape);
  return { sets: [examples, await trained.reconstruct(examples)], count, columns: Math.min(16, count), shape };
}

/**
 * Means of p(x|z) over two dimensions of the latent space, at the percentiles of N(0, 1) from 5 % to 95 %, the others at 0: the first
 * to the right, the second upwards. With `density` at those of its first Gaussian along these dimensions, the others at its mean.
 */
export async function manifoldGrid(
  trained: TrainedModel,
  {
    dims,
    size,
    density,
  }: {
    readonly dims: readonly [number, number];
    readonly size: number;
    readonly density?: GaussianMixture | undefined;
  },
): Promise<ImageGrid> {
  const { latentDim, shape } = trained;
  const codes = percentileGrid(latentDim, dims, size);
  if (density)
    for (let at = 0; at < codes.length; at += latentDim)
      codes.set(density.place(0, codes.slice(at, at + latentDim)), at);
  return { sets: [await trained.decode(codes)], count: size * size, columns: size, shape, map: true };
}

/** Examples that dimensions are put in order by. */
const orderedBy = 1000;

/**
 * The two dimensions that tell most of examples, by their rate, or the variance of their code where there is none; the whole space
 * where there are but two.
 */
export async function mostTellingDimensions(
  trained: TrainedModel,
  examples: () => Promise<Split>,
): Promise<readonly [number, number]> {
  const { latentDim } = trained;
  if (latentDim < 2)
    throw new UnsupportedOpError(`manifold: too few latent dimensions, got ${latentDim}, expected at least 2`);
  if (latentDim === 2) return [0, 1];
  const split = await examples();
  const codes = await trained.codes({ ...split, indices: split.indices.subarray(0, orderedBy) });
  const [first, second] = unitReport(codes, latentDim).units;
  return [first!.unit, second!.unit];
}
