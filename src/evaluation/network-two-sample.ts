import { createDataset } from "../data/dataset.ts";
import { type Split, whole } from "../data/split.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import { twoSampleResult, twoSampleHalves, type TwoSampleTest } from "../metrics/samples/classifier-two-sample.ts";
import type { Device } from "../runtime/device.ts";
import { trainClassifier } from "./classifier.ts";

/**
 * The classifier two-sample test by a network (Lopez-Paz & Oquab 2017, arXiv:1610.06545): `Classifier` learns to separate samples from real
 * examples, [count, ...shape] each, from half of both, and is tested on the other half. The larger set is cut; the same seed gives the
 * same results. Throws ConfigError for fewer than 10 examples or one that is not finite.
 */
export async function networkTwoSample(
  samples: Float32Array,
  real: Float32Array,
  { device, shape, seed = 0 }: { readonly device: Device; readonly shape: Shape; readonly seed?: number },
): Promise<TwoSampleTest> {
  const { trainRows, testRows, half } = twoSampleHalves(samples, real, { dim: sizeOf(shape), seed });
  const labeled = async (values: Float32Array): Promise<Split> =>
    whole(
      await createDataset({
        name: "two samples",
        description: `${half} examples each, sampled and real`,
        shape,
        size: 2 * half,
        values,
        range: null,
        labels: Uint8Array.from({ length: 2 * half }, (_, i) => (i < half ? 0 : 1)),
      }),
    );
  const classifier = await trainClassifier({ device, split: await labeled(trainRows), seed });
  try {
    const { dataset, indices } = await labeled(testRows);
    const correct = async (of: Uint32Array): Promise<number> =>
      Math.round((1 - (await classifier.error({ dataset, indices: of }))) * half);
    const onSamples = await correct(indices.subarray(0, half));
    const onReal = await correct(indices.subarray(half));
    return twoSampleResult({ onSamples, onReal }, half);
  } finally {
    await classifier.release();
  }
}
