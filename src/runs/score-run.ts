import type { Split } from "../data/split.ts";
import { ConfigError, UnsupportedOpError } from "../errors.ts";
import { flatten } from "../ops/movement.ts";
import { square } from "../ops/arithmetic.ts";
import { mean } from "../ops/reduction.ts";
import { LikelihoodEvaluator } from "../evaluation/likelihood.ts";
import { overSplit } from "../evaluation/map-split.ts";
import type { LoadedRun } from "./load-run.ts";
import { runDensity } from "./density.ts";
import { readRunSpec } from "./run-spec.ts";

/**
 * How unlike the training examples an example is; higher is more unlike.
 *
 * - `negElbo`: rate + distortion in nats, the mean over the draws.
 * - `nll`: the importance-weighted bound on -log p(x) from the same draws (arXiv:1509.00519, eq. 8).
 * - `typicality`: |nll - its mean over training examples| (arXiv:1906.02994, for one example): what is likelier than anything the
 *   model has learned from is unlike it too.
 * - `reconstruction`: mean squared error of a value.
 * - `latent`: -log density of the example's mean code, by a density fitted to those of the training examples.
 */
export const scoreNames = ["negElbo", "nll", "typicality", "reconstruction", "latent"] as const;
export type ScoreName = (typeof scoreNames)[number];

export interface ScoreRequest {
  readonly split: Split;
  /** Those that the model has, where not given. */
  readonly scores?: readonly ScoreName[];
  /** Draws of z an example. */
  readonly samples: number;
  /** The density of codes: see runDensity. */
  readonly density: string;
  readonly seed: number;
}

/** By name and in the order of `scoreNames`, [examples] each. */
export type ExampleScores = ReadonlyMap<ScoreName, Float64Array>;

/** Training examples that the typical nll is the mean of. */
const typicalExamples = 2000;

/**
 * Scores of every example of a split. Yields how many examples have a likelihood. Throws UnsupportedOpError for a score that the
 * model has no capability for, or where it has none for any.
 */
export async function* scoreRun(
  loaded: LoadedRun,
  { split, scores, samples, density, seed }: ScoreRequest,
): AsyncGenerator<{ readonly done: number; readonly total: number }, ExampleScores> {
  const { run, trained } = loaded;
  const { abilities, model, store } = trained;
  const has: Readonly<Record<ScoreName, boolean>> = {
    negElbo: abilities.logWeights !== undefined,
    nll: abilities.logWeights !== undefined,
    typicality: abilities.logWeights !== undefined,
    reconstruction: abilities.reconstruct !== undefined,
    latent: abilities.encode !== undefined && abilities.decode !== undefined && abilities.latents?.shape.length === 1,
  };
  const missing = scores?.find((name) => !has[name]);
  const wanted = scoreNames.filter((name) => scores?.includes(name) ?? has[name]);
  if (missing !== undefined || wanted.length === 0)
    throw new UnsupportedOpError(
      `score: the model cannot give this one, got ${missing ?? "none"}, expected ${scoreNames.filter((name) => has[name]).join(", ") || "a model with a likelihood, reconstructions or codes"}`,
    );
  const { binarize } = readRunSpec(run.info, run.path).data;
  const parts = { model, store, binarize, seed };
  const found = new Map<ScoreName, Float64Array>();

  if (wanted.some((name) => name === "negElbo" || name === "nll" || name === "typicality")) {
    const total = split.indices.length;
    const negElbo = new Float64Array(total);
    const nll = new Float64Array(total);
    let done = 0;
    for await (const { first, last } of bounds({ ...parts, split, samples })) {
      negElbo[done] = -first;
      nll[done++] = -last;
      if (done % 100 === 0) yield { done, total };
    }
    found.set("negElbo", negElbo).set("nll", nll);
    if (wanted.includes("typicality")) {
      const { train } = await loaded.openData();
      const typical = await meanNll({ ...parts, split: spread(train, typicalExamples), samples });
      found.set(
        "typicality",
        nll.map((each) => Math.abs(each - typical)),
      );
    }
  }
  if (wanted.includes("reconstruction")) {
    const errors = await overSplit({ ...parts, split }, (given, x) => ({
      error: mean(square(flatten(x.sub(given.reconstruct!(x)))), 1),
    }));
    found.set("reconstruction", Float64Array.from(errors!.error));
  }
  if (wanted.includes("latent")) {
    const { mixture } = await runDensity(loaded, density);
    const { means } = await trained.codes(split, { binarize });
    found.set(
      "latent",
      mixture.logProb(means).map((logProb) => -logProb),
    );
  }
  for (const [name, values] of found) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new ConfigError(
        `score: ${name} is not finite, got ${values[bad]} for example ${bad}, expected a number; leave it out with --scores`,
      );
  }
  return new Map(wanted.map((name) => [name, found.get(name)!]));
}

/** The first and the last bound of each example: by one draw, and by all. */
async function* bounds(
  options: ConstructorParameters<typeof LikelihoodEvaluator>[0],
): AsyncGenerator<{ readonly first: number; readonly last: number }> {
  const evaluator = new LikelihoodEvaluator(options);
  try {
    for await (const batch of evaluator.bounds())
      for (const each of batch) yield { first: each[0]!, last: each.at(-1)! };
  } finally {
    await evaluator.release();
  }
}

async function meanNll(options: ConstructorParameters<typeof LikelihoodEvaluator>[0]): Promise<number> {
  let sum = 0;
  for await (const { last } of bounds(options)) sum -= last;
  return sum / options.split.indices.length;
}

/** At most `count` examples of a split, evenly spread over it: files may be in the order of classes. */
function spread({ dataset, indices }: Split, count: number): Split {
  const step = Math.max(1, indices.length / count);
  const length = Math.min(count, indices.length);
  return { dataset, indices: Uint32Array.from({ length }, (_, i) => indices[Math.floor(i * step)]!) };
}
