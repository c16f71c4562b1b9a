import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import { forExamples } from "../../evaluation/given-examples.ts";
import type { Split } from "../../data/split.ts";
import { UnsupportedOpError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import { has } from "../../evaluation/capabilities.ts";
import type { ConditionValues } from "../../evaluation/condition.ts";
import { sampledClass, samplePiece, type SamplePieceOptions } from "../samples/sample-rows.ts";
import type { GaussianMixture } from "../../latent/gaussian-mixture.ts";
import { percentileGrid } from "../../latent/percentiles.ts";
import { unitReport } from "../../metrics/codes/unit-report.ts";
import type { ImageGrid } from "../../pictures/image-grid.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";

/** Samples of a picture at most. */
const mostShown = 1000;

/**
 * The model for shown samples: with the conditions of a split's examples where they are more than a
 * class, else as it is. Undefined where the split has no examples to take them from.
 */
export function forSamples(trained: TrainedModel, split: Split): TrainedModel | undefined {
  const { condition } = trained.model;
  const byClassAlone = condition?.fields.length === 1 && condition.fields[0]!.kind === "class";
  if (!condition?.required || byClassAlone || trained.isGiven) return trained;
  if (split.indices.length === 0) return undefined;
  return forExamples(trained, { ...split, indices: split.indices.subarray(0, mostShown) });
}

/** Columns of a grid of classes at most. */
const widest = 32;

export interface SampleGridOptions extends SamplePieceOptions {
  readonly count: number;
}

/** A grid of samples, nearly square; of a class-conditional model a column per class, so that sample i has the same class whatever the count. */
export async function sampleGrid(trained: TrainedModel, { count, ...options }: SampleGridOptions): Promise<ImageGrid> {
  const { shape, kind } = trained;
  const sample = (condition?: ConditionValues): Promise<Float32Array> =>
    samplePiece(trained, count, { ...options, ...(condition && { given: condition }) });
  const field = sampledClass(trained, options);
  const columns = Math.ceil(Math.sqrt(count));
  if (!field) return { sets: [await sample()], count, columns, shape, kind };
  const classes = field.classes.length;
  const set = await sample({ [field.name]: Array.from({ length: classes }, (_, i) => i) });
  return { sets: [set], count, columns: classes <= widest ? Math.min(classes, count) : columns, shape, kind };
}

/** Examples above their reconstructions, 16 a row. */
export async function reconstructionGrid(trained: TrainedModel, examples: Float32Array): Promise<ImageGrid> {
  const { shape, kind } = trained;
  const count = examples.length / sizeOf(shape);
  return { sets: [examples, await trained.reconstruct(examples)], count, columns: Math.min(16, count), shape, kind };
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
  return {
    sets: [await trained.decode(codes)],
    count: size * size,
    columns: size,
    shape,
    kind: trained.kind,
    map: true,
  };
}

/** Examples that the order of dimensions is estimated from. */
const orderedBy = 1000;

/**
 * The two dimensions with the highest rate, or variance of the code where there is none; the first two where there are no more, or
 * where the model does not encode.
 */
export async function mostInformativeDimensions(
  trained: TrainedModel,
  examples: () => Promise<Split>,
): Promise<readonly [number, number]> {
  const { latentDim } = trained;
  if (latentDim < 2)
    throw new UnsupportedOpError(`manifold: too few latent dimensions, got ${latentDim}, expected at least 2`);
  if (latentDim === 2 || !has(trained.model, "encode")) return [0, 1];
  const split = await examples();
  const codes = await trained.codes(drawnExamples(split, orderedBy));
  const [first, second] = unitReport(codes, latentDim).units;
  return [first!.unit, second!.unit];
}
