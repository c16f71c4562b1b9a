import { Batches } from "../data/batches.ts";
import type { Binarization } from "../data/binarize.ts";
import type { Split } from "../data/split.ts";
import { UnsupportedOpError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import { percentileGrid } from "../latent/percentiles.ts";
import type { Sheet } from "../pictures/sheet.ts";
import type { TrainedModel } from "../training/trained-model.ts";

/** The first `count` examples of a split in file order, [count, ...shape], all of them where it has fewer. */
export function firstExamples(split: Split, count: number, binarize: Binarization = "none"): Float32Array {
  const batchSize = Math.min(count, split.indices.length);
  const batches = new Batches(split, { batchSize, purpose: "evaluation", binarize });
  const x = new Float32Array(batchSize * batches.exampleSize);
  batches.fillExamples(x, { epoch: 0, index: 0 });
  return x;
}

/** New images from the model, as near to a square as they go. */
export async function sampleSheet(
  trained: TrainedModel,
  { count, ...options }: { readonly count: number; readonly seed?: number; readonly temperature?: number },
): Promise<Sheet> {
  const { shape } = trained;
  return { sets: [await trained.sample(count, options)], count, columns: Math.ceil(Math.sqrt(count)), shape };
}

/** Examples above their reconstructions, 16 a row. */
export async function reconstructionSheet(trained: TrainedModel, examples: Float32Array): Promise<Sheet> {
  const { shape } = trained;
  const count = examples.length / sizeOf(shape);
  return { sets: [examples, await trained.reconstruct(examples)], count, columns: Math.min(16, count), shape };
}

/** Means of p(x|z) over two dimensions of the latent space, the others at 0: the first to the right, the second upwards. */
export async function manifoldSheet(
  trained: TrainedModel,
  { dims, size }: { readonly dims: readonly [number, number]; readonly size: number },
): Promise<Sheet> {
  const codes = percentileGrid(trained.latentDim, dims, size);
  return { sets: [await trained.decode(codes)], count: size * size, columns: size, shape: trained.shape, map: true };
}

/** The two dimensions that tell most of examples, by their rate; the whole space where there are but two. */
export async function mostTellingDimensions(
  trained: TrainedModel,
  examples: () => Promise<Float32Array>,
): Promise<readonly [number, number]> {
  const { latentDim } = trained;
  if (latentDim < 2)
    throw new UnsupportedOpError(`manifold: too few latent dimensions, got ${latentDim}, expected at least 2`);
  if (latentDim === 2) return [0, 1];
  const rates = [...(await trained.ratePerDimension(await examples())).entries()].toSorted(([, a], [, b]) => b - a);
  return [rates[0]![0], rates[1]![0]];
}
