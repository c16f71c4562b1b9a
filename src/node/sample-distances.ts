import type { Split } from "../data/split.ts";
import { Batches } from "../data/batches.ts";
import { ConfigError } from "../errors.ts";
import { featureMoments, frechetDistance } from "../metrics/frechet-distance.ts";
import { stream } from "../random/index.ts";
import { classifierFeatures, trainClassifier } from "../training/classifier.ts";
import type { LoadedRun } from "./load-run.ts";
import { runDensity } from "./run-density.ts";
import { forExamples } from "./run-pictures.ts";
import { openRunData } from "./run-spec.ts";

/** Means "own": samples of the model itself. */
export const ownPrior = "own";

/** How far samples are from real examples, and everything the figure depends on. */
export interface SampleDistances {
  /** The features' network: it, its training examples and its seed decide them. */
  readonly extractor: string;
  /** Of the extractor, on the real examples. */
  readonly extractorError: number;
  readonly reals: number;
  readonly samples: number;
  /** By the density that codes were drawn from. */
  readonly frechet: Readonly<Record<string, number>>;
  /** Of as many training examples, which no sample should be nearer than by chance. */
  readonly floor: number;
}

/**
 * Frechet distances of samples to a split's examples (arXiv:1706.08500, eq. 6), in the 128 features of a classifier trained on
 * the run's own labelled training data: its figures compare with each other, and with no other extractor's. `priors` are densities
 * of codes, or "own". Throws ConfigError for data without labels or too few examples.
 */
export async function sampleDistances(
  loaded: LoadedRun,
  options: { readonly split: Split; readonly priors: readonly string[]; readonly seed: number },
): Promise<SampleDistances> {
  const { split, priors, seed } = options;
  const reals = split.indices.length;
  if (reals <= classifierFeatures)
    throw new ConfigError(
      `--frechet: too few examples for the covariance of ${classifierFeatures} features, got ${reals}, expected more`,
    );
  const { trained, run } = loaded;
  const densities = new Map(
    await Promise.all(
      priors.filter((p) => p !== ownPrior).map(async (p) => [p, (await runDensity(loaded, p)).mixture] as const),
    ),
  );
  const { train } = await openRunData(run.info, run.path);
  const classifier = await trainClassifier({ device: trained.store.device, split: train });
  try {
    const momentsOf = async (x: Float32Array) => featureMoments(await classifier.features(x), classifierFeatures);
    const real = await momentsOf(examplesOf(split, reals));
    // Of a model that learns from labels: as many of each class as the split has.
    const labelled = forExamples(trained, split);
    const frechet: Record<string, number> = {};
    for (const prior of priors) {
      const density = densities.get(prior);
      const samples = density
        ? await labelled.decode(density.sample(reals, stream(seed, "sample")))
        : await labelled.sample(reals, { seed });
      frechet[prior] = frechetDistance(await momentsOf(samples), real);
    }
    return {
      extractor: `classifier of ${train.dataset.name}, ${train.indices.length} examples, seed 0`,
      extractorError: await classifier.error(split),
      reals,
      samples: reals,
      frechet,
      floor: frechetDistance(await momentsOf(examplesOf(train, reals)), real),
    };
  } finally {
    await classifier.release();
  }
}

/** The first `count` examples of a split, or all of them, in [0, 1]. */
function examplesOf(split: Split, count: number): Float32Array {
  const indices = split.indices.subarray(0, count);
  const batches = new Batches({ ...split, indices }, { batchSize: indices.length, purpose: "evaluation" });
  const x = new Float32Array(indices.length * batches.exampleSize);
  batches.fillExamples(x, { epoch: 0, index: 0 });
  return x;
}
