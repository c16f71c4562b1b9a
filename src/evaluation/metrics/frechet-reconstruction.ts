import { spherical } from "../../latent/interpolation.ts";
import { featureMoments, frechetDistance } from "../../metrics/samples/frechet-distance.ts";
import { stream } from "../../random/index.ts";
import { forExamples } from "../given-examples.ts";
import { comparedSplit, realExamples, realFeatures } from "./generated.ts";
import type { MetricResult, Metric, MetricContext } from "./metric.ts";

/**
 * The means of p(x|z) at the midpoints between the codes of two examples, every example of the split and a random other one,
 * along the great circle. A conditional model gets the label of the first one.
 */
async function midpoints(context: MetricContext, x: Float32Array): Promise<Float32Array> {
  const { loaded, split, seed } = context;
  const trained = forExamples(loaded.trained, comparedSplit(context));
  const { latentDim } = loaded.trained;
  const codes = await trained.encode(x);
  const code = (i: number): Float32Array => codes.subarray(i * latentDim, (i + 1) * latentDim);
  const order = stream(seed, "pairs").permutation(split.indices.length);
  const between = new Float32Array(codes.length);
  order.forEach((a, i) => between.set(spherical(code(a), code(order[(i + 1) % order.length]!), 0.5), a * latentDim));
  return trained.decode(between);
}

export const frechetReconstructionMetric: Metric = {
  name: "frechet-reconstruction",
  summary:
    "Frechet distance of reconstructions, and of midpoints between codes of two examples, to the examples (arXiv:1903.12436)",
  needs: ["reconstruct", "encode", "decode", "vector"],
  async *evaluate(context) {
    const { loaded, split } = context;
    const total = 2;
    const extractor = await context.extractor();
    const { dim, about } = extractor;
    const real = featureMoments(await realFeatures(context), dim);
    const x = await realExamples(context);
    const results: MetricResult[] = [];
    const sets = {
      reconstructions: () => forExamples(loaded.trained, comparedSplit(context)).reconstruct(x),
      midpoints: () => midpoints(context, x),
    };
    for (const [of, make] of Object.entries(sets)) {
      const value = frechetDistance(featureMoments(await extractor.features(await make()), dim), real);
      results.push({ name: "frechet", of, value, note: `${split.indices.length} of them`, better: "lower" });
      yield { done: results.length, total };
    }
    return {
      results,
      conditions: { extractor: about, reals: split.indices.length, midpoints: "spherical, of means of q(z|x)" },
    };
  },
};
