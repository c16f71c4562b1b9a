import type { Split } from "../../data/split.ts";
import { exampleSize } from "../../data/dataset.ts";
import { ConfigError } from "../../errors.ts";
import { inRandomOrder } from "../../data/examples/drawn-examples.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { forExamples, labelsOf } from "../given-examples.ts";
import { splitSpec } from "../../data/split-spec.ts";
import { decodedAsMeans, shownAs } from "../samples/shown-samples.ts";
import { lacking } from "../capabilities.ts";
import { isDensity } from "../../latent/density.ts";
import type { LatentCodes } from "../latent-codes.ts";
import { type MetricContext, oncePerContext } from "./metric.ts";

/** Means "own" samples of the model itself. */
export const ownPrior = "own";

/** Below so many examples, the bias of a Frechet distance dominates. */
export const fewExamples = 10_000;

/** Numbers of a set of examples: 2 GB. */
const mostNumbers = 2 ** 29;

/** Why a run has no generated examples of all its `priors`. */
export function lackingSamples({ loaded: { trained }, priors }: MetricContext): string | undefined {
  const own = priors.includes(ownPrior) && lacking(trained.model, ["sample"]);
  if (own) return `${own}; use --priors full-gaussian,gmm:10`;
  const fitted = priors.some(isDensity) && lacking(trained.model, ["encode", "decode", "vector"]);
  if (fitted) return `${fitted}, so that no density of codes can be fitted; use --priors own, or a run trained on them`;
  return priors.some((prior) => prior !== ownPrior) ? lacking(trained.model, ["decode"]) : undefined;
}

/**
 * `count` new examples of a prior, [count, ...shape]: means of p(x|z) for images, samples of p(x|z) for all else, or as asked. A supervised model
 * is given the labels of the split's examples in a random order. Throws ConfigError where they would take too much memory.
 */
export async function samplesOf(context: MetricContext, prior: string, count: number): Promise<Float32Array> {
  const { loaded, decoder, split, seed, show, sampler } = context;
  checkSize("--generated", count, split);
  const reals = comparedSplit(context);
  const trained = forExamples(decoder ?? loaded.trained, reals);
  const { kind } = splitSpec(split);
  if (prior === ownPrior && !decoder)
    return trained.sample(count, { seed, ...sampler, ...shownAs(trained.model, kind, show) });
  const density = await context.prior(prior);
  const condition = {
    ...(decoder && forExamples(loaded.trained, reals).condition),
    ...labelsOf(density, reals),
    ...trained.condition,
  };
  const options = prior === ownPrior ? sampler : {};
  const codes = (of: number, first: number): Promise<LatentCodes> =>
    density.sample(of, { seed, first, condition, options });
  // As of a model's own sampler: with options of it, samples are as they come.
  const marginals = Object.keys(options).length > 0 ? "model" : undefined;
  if (!decodedAsMeans(trained.model, kind, show)) return trained.sampleCodes(count, codes, { seed, marginals });
  return trained.decodeLatents(await codes(count, 0), { seed, mean: true });
}

/** `generated` new examples of a prior: see samplesOf. */
export const generatedExamples = oncePerContext((context, prior) => samplesOf(context, prior, context.generated));

/** Features of `generated` new examples of a prior, [generated, dim]. */
export const generatedFeatures = oncePerContext(async (context, prior) =>
  (await context.extractor()).features(await generatedExamples(context, prior)),
);

/** The split's examples in a random order, as samples are: files are often sorted. */
export const comparedSplit = ({ split, seed }: Pick<MetricContext, "split" | "seed">): Split =>
  inRandomOrder(split, seed);

/** The examples of `comparedSplit`, [count, ...shape] with values in [0, 1] that are not binarized. */
export const realExamples = oncePerContext(async (context) =>
  allOf(comparedSplit(context), context.split.indices.length),
);

/** Features of the split's examples, [count, dim]. */
export const realFeatures = oncePerContext(async (context) =>
  (await context.extractor()).features(await realExamples(context)),
);

/** `generated` of the examples the model was trained on at random, or all: the best that generated ones could be. */
export const trainingExamples = oncePerContext(async ({ source: { train }, generated, seed }) =>
  allOf(inRandomOrder(train, seed), Math.min(generated, train.indices.length)),
);

/** Features of `trainingExamples`, [count, dim]. */
export const trainingFeatures = oncePerContext(async (context) =>
  (await context.extractor()).features(await trainingExamples(context)),
);

/** What sample-based metrics depend on: for `conditions`. */
export async function sampleConditions(context: MetricContext): Promise<Readonly<Record<string, unknown>>> {
  const { about, name } = await context.extractor();
  return { features: name, extractor: about, ...exampleConditions(context) };
}

/** What examples of a prior are: see samplesOf. */
function valuesOf(prior: string, { loaded, decoder, split, show }: MetricContext): string {
  const { model } = decoder ?? loaded.trained;
  const { kind } = splitSpec(split);
  const means = prior === ownPrior && !decoder ? shownAs(model, kind, show).mean : decodedAsMeans(model, kind, show);
  return means ? "means of p(x|z)" : "samples";
}

/** Options of the sampler that were asked for, where there are any. */
export const samplerConditions = ({ sampler }: MetricContext): Readonly<Record<string, unknown>> =>
  Object.keys(sampler).length === 0 ? {} : { sampler };

/** The same for metrics of the examples themselves. */
export const exampleConditions = (context: MetricContext): Readonly<Record<string, unknown>> => ({
  reals: context.split.indices.length,
  generated: context.generated,
  priors: context.priors,
  ...samplerConditions(context),
  values: Object.fromEntries(context.priors.map((prior) => [prior, valuesOf(prior, context)])),
});

function allOf(split: Split, count: number): Float32Array {
  checkSize("--count", count, split);
  return firstExamples(split, count);
}

function checkSize(option: string, count: number, { dataset }: Split): void {
  const most = Math.floor(mostNumbers / exampleSize(dataset));
  if (count > most)
    throw new ConfigError(
      `${option}: too many examples of [${dataset.shape.join(", ")}] to hold at once, got ${count}, expected at most ${most}`,
    );
}

/** The extractor's probabilities of classes, for a metric of this name. Throws ConfigError where it has none. */
export async function classifierOf(
  { extractor }: Pick<MetricContext, "extractor">,
  metric: string,
): Promise<(x: Float32Array) => Promise<Float32Array>> {
  const opened = await extractor();
  if (!opened.classify)
    throw new ConfigError(
      `${metric}: the extractor has no classes, got ${opened.name}, expected small-28, or an ONNX model with "probabilities" or "logits" in its JSON file`,
    );
  return (x) => opened.classify!(x);
}
