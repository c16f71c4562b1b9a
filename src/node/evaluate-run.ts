import { UnsupportedOpError } from "../errors.ts";
import type { Split } from "../data/split.ts";
import { activity, activeUnits } from "../metrics/active-units.ts";
import { mutualInformationGap } from "../metrics/mutual-information-gap.ts";
import { type DrawnCodes, rateParts, type RateParts } from "../metrics/rate-parts.ts";
import { drawCodes } from "../training/evaluate-codes.ts";
import { type LikelihoodFigures, LikelihoodEvaluator } from "../training/evaluate-likelihood.ts";
import { ScoreEvaluator, type Scores } from "../training/evaluate-scores.ts";
import type { LoadedRun } from "./load-run.ts";
import { openRunData, readRunSpec } from "./run-spec.ts";
import { type ColumnDistance, columnDistances } from "./column-distances.ts";
import { type SampleDistances, sampleDistances } from "./sample-distances.ts";

export const splitNames = ["train", "validation", "test"] as const;
export type SplitName = (typeof splitNames)[number];

export interface EvaluationRequest {
  readonly split: SplitName;
  /** The first so many examples; all of them where not given. */
  readonly count?: number;
  /** Draws of z an example for the likelihood. */
  readonly samples: number;
  readonly seed: number;
  /** Densities of codes whose samples are held against the examples: see sampleDistances. */
  readonly frechet?: readonly string[];
}

/** An identity that figures of one model must satisfy, and by how much they do. */
export interface Check {
  readonly name: string;
  readonly holds: boolean;
  readonly detail: string;
}

/** What can be measured of a run; what its model lacks the capability for is absent. */
export interface Evaluation {
  readonly step: number;
  readonly examples: number;
  readonly scores?: Scores;
  readonly likelihood?: LikelihoodFigures & { readonly seconds: number };
  /** Latent dimensions, how many of them are active, and the activity of each. */
  readonly units?: { readonly active: number; readonly total: number; readonly activity: readonly number[] };
  /** The rate by the aggregated posterior of the first examples. */
  readonly rate?: RateParts;
  /** For data whose generative factors are known: the mutual information gap, and that of each factor. */
  readonly factors?: {
    readonly mig: number;
    readonly gaps: readonly { readonly factor: string; readonly gap: number; readonly dimension: number }[];
  };
  readonly distances?: SampleDistances;
  /** For rows of a table: the total variation distance of as many samples to the examples, by column. */
  readonly columns?: readonly ColumnDistance[];
  readonly checks: readonly Check[];
}

/** Examples that the parts of the rate are estimated from: time grows with the square. */
const rateExamples = 1000;

/**
 * Measures a run on a split of its own data: yields the number of examples whose likelihood is done, returns the figures.
 * Throws UnsupportedOpError where the model has none of the capabilities.
 */
export async function* evaluateRun(
  loaded: LoadedRun,
  { split: name, count, samples, seed, frechet }: EvaluationRequest,
): AsyncGenerator<{ readonly done: number; readonly examples: number }, Evaluation> {
  const { run, trained, step } = loaded;
  const { model, store } = trained;
  if (!model.scores && !model.encode && !model.logWeights && !model.given)
    throw new UnsupportedOpError("evaluate: nothing to measure, got a model without scores, codes or a likelihood");
  const source = await openRunData(run.info, run.path);
  const { binarize } = readRunSpec(run.info, run.path).data;
  const whole = source[name];
  const split: Split = { ...whole, indices: whole.indices.subarray(0, count) };
  const examples = split.indices.length;
  const parts = { model, store, split, binarize };

  const scores = model.scores && (await scoresOf(new ScoreEvaluator(parts)));
  const codes = await drawCodes({ ...parts, seed });
  const measured = codes && activity(codes.mean, codes.latentDim);
  const units = measured && { active: activeUnits(measured), total: measured.length, activity: [...measured] };
  const rate = codes && rateParts(codes, Math.min(rateExamples, examples));

  const factors = codes && factorsIn(codes, split);

  let likelihood: (LikelihoodFigures & { readonly seconds: number }) | undefined;
  if ("logWeights" in model || "given" in model) {
    const evaluator = new LikelihoodEvaluator({ ...parts, samples, seed });
    const start = performance.now();
    const progress = evaluator.run();
    let next = await progress.next();
    for (; !next.done; next = await progress.next()) yield { done: next.value, examples };
    likelihood = { ...next.value, seconds: (performance.now() - start) / 1000 };
    await evaluator.release();
  }
  const distances = frechet && (await sampleDistances(loaded, { split, priors: frechet, seed }));
  const columns = await columnDistances(trained, split, seed);
  return {
    step,
    examples,
    ...(columns && { columns }),
    ...(distances && { distances }),
    ...(scores && { scores }),
    ...(likelihood && { likelihood }),
    ...(units && { units }),
    ...(rate && { rate }),
    ...(factors && { factors }),
    checks: [
      ...(likelihood ? [growsWithSamples(likelihood)] : []),
      ...(likelihood && scores?.["nll"] !== undefined ? [staysBelowExact(likelihood, scores["nll"])] : []),
      ...(rate ? [partsAddUp(rate)] : []),
    ],
  };
}

async function scoresOf(evaluator: ScoreEvaluator): Promise<Scores> {
  const scores = await evaluator.run();
  await evaluator.release();
  return scores;
}

/** How the means of codes part the known factors of a dataset; undefined where none is known or varies. */
function factorsIn({ latentDim, mean }: DrawnCodes, { dataset, indices }: Split): Evaluation["factors"] {
  const { factors } = dataset;
  if (!factors || latentDim < 2) return undefined;
  const values = Array.from(indices, (example) => factors.of(example));
  const varying = factors.names
    .map((factor, k) => ({ factor, values: values.map((of) => of[k]!) }))
    .filter((column) => column.values.some((v) => v !== column.values[0]));
  if (varying.length === 0) return undefined;
  const { mig, gaps, best } = mutualInformationGap(
    Float32Array.from(mean),
    latentDim,
    varying.map((column) => column.values),
  );
  return { mig, gaps: varying.map(({ factor }, k) => ({ factor, gap: gaps[k]!, dimension: best[k]! })) };
}

/** The bound rises with the number of samples (arXiv:1509.00519, theorem 1): exactly so from the same draws. */
function growsWithSamples({ curve }: LikelihoodFigures): Check {
  const nested = curve.slice(0, -1);
  // The last size need not be a multiple of the one before: its bound may then miss by chance, not by much.
  const last = curve.at(-1)!;
  const before = nested.at(-1);
  const exact = before && last.samples % before.samples === 0 ? curve : nested;
  const falls = exact.every(({ nll }, i) => i === 0 || nll <= exact[i - 1]!.nll + 1e-6 * Math.abs(nll));
  const text = exact.map(({ samples, nll }) => `${samples}: ${nll.toFixed(2)}`).join(", ");
  return { name: "the bound grows with the number of samples", holds: falls, detail: `nll by samples ${text}` };
}

/** No bound is above the log-likelihood, where a model's scores have it exactly, but for the chance and rounding of its draws. */
function staysBelowExact({ curve }: LikelihoodFigures, exact: number): Check {
  return {
    name: "the bound stays below the exact log-likelihood",
    holds: curve.every(({ nll }) => nll >= exact - 0.05 - 1e-4 * Math.abs(exact)),
    detail: `nll ${curve.at(-1)!.nll.toFixed(2)} against ${exact.toFixed(2)}`,
  };
}

/** Mutual information + total correlation + dimension-wise KL = rate, within four standard errors. */
function partsAddUp({ sum, rate, standardError }: RateParts): Check {
  return {
    name: "the parts of the rate add up to it",
    holds: Math.abs(sum - rate) <= 4 * standardError + 1e-4 * Math.abs(rate),
    detail: `${sum.toFixed(3)} against ${rate.toFixed(3)} in closed form, standard error ${standardError.toFixed(3)}`,
  };
}
