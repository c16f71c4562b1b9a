import type { Split } from "../data/split.ts";
import type { Model } from "../models/model.ts";
import { unknownRows } from "../data/tables/gaps.ts";
import { UnsupportedOpError } from "../errors.ts";
import { flatten } from "../ops/movement.ts";
import { square } from "../ops/arithmetic.ts";
import { mean } from "../ops/reduction.ts";
import { LikelihoodEvaluator } from "../evaluation/likelihood/likelihood.ts";
import { type CapabilityName, lacking } from "../evaluation/capabilities.ts";
import { mapSplit } from "../evaluation/map-split.ts";
import { exampleCodes } from "./codes/example-codes.ts";
import type { LoadedRun } from "./load-run.ts";
import { openPrior } from "./codes/open-prior.ts";
import { readRunData } from "./run-spec.ts";

/**
 * Anomaly scores of an example; higher is more anomalous.
 *
 * - `negElbo`: rate + distortion in nats, the mean over samples of z, or over as many estimates of the bound of a model that has no more.
 * - `nll`: the importance-weighted bound on -log p(x) from the same samples (arXiv:1509.00519, eq. 8).
 * - `typicality`: |nll - its mean over training examples| (arXiv:1906.02994, for one example): an example far likelier
 *   than the training examples is anomalous too.
 * - `reconstruction`: mean squared error over values, of intensities where data are binarized.
 * - `latent`: -log density of the mean code, under a density fitted to the codes of the training examples.
 *
 * A score that is not finite, such as that of values beyond float32, is infinite: nothing is more anomalous. So are all scores of a row of a table
 * with a value not seen in training, which the model gives no probability.
 */
export const scoreNames = ["negElbo", "nll", "typicality", "reconstruction", "latent"] as const;
export type ScoreName = (typeof scoreNames)[number];

export interface ScoreRequest {
  readonly split: Split;
  /** By default, those that the model has. */
  readonly scores?: readonly ScoreName[];
  /** Samples of z per example. */
  readonly samples: number;
  /** The density of codes: see runDensity. */
  readonly density: string;
  readonly seed: number;
}

/** By name and in the order of `scoreNames`, [examples] each. */
export type ExampleScores = ReadonlyMap<ScoreName, Float64Array>;

const needs = (model: Model): Readonly<Record<ScoreName, readonly CapabilityName[]>> => ({
  negElbo: lacking(model, ["likelihood"]) ? ["elbo"] : ["likelihood"],
  nll: ["likelihood"],
  typicality: ["likelihood"],
  reconstruction: ["reconstruct"],
  latent: ["encode", "decode", "vector"],
});

/** Training examples that the typical nll is the mean of: fewer where log p(x) takes many steps. */
const typicalExamples = ({ density }: Model): number => (density ? 200 : 2000);
/** Examples at a time of a bound, as its metric has them. */
const BOUND_BATCH = 64;
/** Scores that are left out unless asked for where log p(x) takes many steps: the one takes more of them, the other is nll again. */
const askedFor: ReadonlySet<ScoreName> = new Set(["negElbo", "typicality"]);

/**
 * Scores of every example of a split. Yields how many examples have a likelihood. Throws UnsupportedOpError for a score that the
 * model has no capability for, or where it has none for any.
 */
export async function* scoreRun(
  loaded: LoadedRun,
  { split, scores, samples, density, seed }: ScoreRequest,
): AsyncGenerator<{ readonly done: number; readonly total: number }, ExampleScores> {
  const { run, trained } = loaded;
  const { model } = trained;
  const able = Object.fromEntries(scoreNames.map((name) => [name, !lacking(model, needs(model)[name])]));
  const missing = scores?.find((name) => !able[name]);
  const wanted = scoreNames.filter(
    (name) => scores?.includes(name) ?? (able[name] && !(model.density && askedFor.has(name))),
  );
  const given = scoreNames.filter((name) => able[name]).join(", ");
  if (given === "")
    throw new UnsupportedOpError(
      `score: the model has no anomaly scores, got neither a likelihood, a bound on it, reconstructions nor codes, expected one of them${lacking(model, ["decode", "vector"]) ? "" : "; latentkit invert gives the error of each example at its nearest code"}`,
    );
  if (missing !== undefined)
    throw new UnsupportedOpError(`score: the model cannot give this one, got ${missing}, expected ${given}`);
  const { binarize } = readRunData(run);
  const parts = { binarize, seed };
  const found = new Map<ScoreName, Float64Array>();

  if (wanted.includes("negElbo") && lacking(model, ["likelihood"])) {
    const total = split.indices.length * samples;
    const negElbo = new Float64Array(split.indices.length);
    for (let sample = 0; sample < samples; sample++) {
      yield { done: sample * negElbo.length, total };
      const options = { ...parts, seed: seed + sample, split, key: "elbo", batchSize: BOUND_BATCH };
      const { elbo } = await mapSplit(trained, options, (x, context) => ({ elbo: model.elbo!(x, context).elbo }));
      elbo.forEach((each, i) => (negElbo[i]! -= each / samples));
    }
    found.set("negElbo", negElbo);
  } else if (wanted.some((name) => name === "negElbo" || name === "nll" || name === "typicality")) {
    const total = split.indices.length;
    const negElbo = new Float64Array(total);
    const nll = new Float64Array(total);
    let done = 0;
    for await (const { first, last } of bounds(trained, { ...parts, split, samples })) {
      negElbo[done] = -first;
      nll[done++] = -last;
      if (done % 100 === 0) yield { done, total };
    }
    found.set("negElbo", negElbo).set("nll", nll);
    if (wanted.includes("typicality")) {
      const { train } = await loaded.openData();
      const typical = await meanNll(trained, { ...parts, split: evenly(train, typicalExamples(model)), samples });
      found.set(
        "typicality",
        nll.map((each) => Math.abs(each - typical)),
      );
    }
  }
  if (wanted.includes("reconstruction")) {
    const { error } = await mapSplit(trained, { seed, split, key: "reconstruction error" }, (x, context) => ({
      error: mean(square(flatten(x.sub(model.reconstruct!(x, context)))), 1),
    }));
    found.set("reconstruction", Float64Array.from(error));
  }
  if (wanted.includes("latent")) {
    const prior = await openPrior(loaded, density);
    const { means } = await exampleCodes(trained, split);
    if (!prior.logProb)
      throw new UnsupportedOpError(
        `score: the prior has no likelihood of codes, got ${density}, expected gmm:K, or a run of a model with a likelihood`,
      );
    const logProbs = await prior.logProb(means);
    found.set(
      "latent",
      logProbs.map((logProb) => -logProb),
    );
    await prior.release();
  }
  const unknown = unknownRows(split.dataset);
  const isKnown = (place: number): boolean => !unknown.has(split.indices[place]!);
  return new Map(
    wanted.map((name) => [
      name,
      found.get(name)!.map((score, place) => (Number.isFinite(score) && isKnown(place) ? score : Infinity)),
    ]),
  );
}

/** Places of examples with infinite scores, and the scores that are infinite for just these. */
export function infiniteScores(
  scores: ExampleScores,
): readonly { readonly names: readonly ScoreName[]; readonly places: readonly number[] }[] {
  const groups = new Map<string, { names: ScoreName[]; readonly places: readonly number[] }>();
  for (const [name, values] of scores) {
    const places = [...values.keys()].filter((place) => values[place] === Infinity);
    const group = groups.get(places.join());
    if (group) group.names.push(name);
    else if (places.length > 0) groups.set(places.join(), { names: [name], places });
  }
  return [...groups.values()];
}

type LikelihoodOptions = ConstructorParameters<typeof LikelihoodEvaluator>;

/** The bounds of each example from one sample, and from all. */
async function* bounds(
  ...options: LikelihoodOptions
): AsyncGenerator<{ readonly first: number; readonly last: number }> {
  for await (const batch of new LikelihoodEvaluator(...options).bounds())
    for (const each of batch) yield { first: each[0]!, last: each.at(-1)! };
}

async function meanNll(...options: LikelihoodOptions): Promise<number> {
  let sum = 0;
  for await (const { last } of bounds(...options)) sum -= last;
  return sum / options[1].split.indices.length;
}

/** At most `count` examples of a split at even intervals: files may be in the order of classes. */
function evenly({ dataset, indices }: Split, count: number): Split {
  const step = Math.max(1, indices.length / count);
  const length = Math.min(count, indices.length);
  return { dataset, indices: Uint32Array.from({ length }, (_, i) => indices[Math.floor(i * step)]!) };
}
