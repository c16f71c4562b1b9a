import type { Binarization } from "../data/binarize.ts";
import type { Split, SplitName } from "../data/split.ts";
import { DataError, UnsupportedOpError } from "../errors.ts";
import { isDensity, parseDensity } from "../latent/density.ts";
import type { Extractor } from "../evaluation/extractors/extractor.ts";
import type { LoadedRun } from "./load-run.ts";
import { ownPrior } from "../evaluation/metrics/generated.ts";
import { findMeasure, measures } from "../evaluation/metrics/index.ts";
import { has } from "../evaluation/capabilities.ts";
import {
  type Figure,
  type Measure,
  type MeasureContext,
  type MeasureProgress,
  type Measurement,
  whyLacking,
} from "../evaluation/metrics/metric.ts";
import { type CodePrior, openPrior } from "./codes/code-prior.ts";
import { readRunData } from "./run-spec.ts";

export interface EvaluationRequest {
  readonly split: SplitName;
  /** The first so many examples; all of them where not given. */
  readonly count?: number;
  /** Draws of z an example, for estimates of the likelihood (500). */
  readonly samples?: number;
  readonly seed: number;
  /** Names of measures; where not given, those of no generated examples that the run has the capabilities for. */
  readonly metrics?: readonly string[];
  /** What becomes of measures asked for by name that the run lacks the capabilities for (refuse). */
  readonly lacking?: "refuse" | "leave out";
  /** Generated examples that are held against real ones (10,000). */
  readonly generated?: number;
  /** Densities of codes that they come from, or "own"; where not given, own for a model with p(z), else full-gaussian and gmm:10. */
  readonly priors?: readonly string[];
  /** What turns examples into features: see openExtractor. */
  readonly extractor?: string;
  /** Hears how far the training of an extractor is, in steps. */
  readonly onExtractorTraining?: (step: number, steps: number) => void;
}

/** Values of metrics of a run with everything they depend on. */
export interface Evaluation {
  readonly model: string;
  readonly step: number;
  readonly data: { readonly source: string; readonly fingerprint: string };
  readonly split: SplitName;
  readonly examples: number;
  readonly binarize: Binarization;
  readonly seed: number;
  /** By the measure's name, in the registry's order. */
  readonly measures: Readonly<Record<string, Measurement & { readonly seconds: number }>>;
}

export interface EvaluationProgress extends MeasureProgress {
  readonly measure: string;
}

/** The value of a name, the first one where a metric has several; undefined where it was not measured. */
export function figureOf(evaluation: Evaluation, measure: string, name: string, of?: string): Figure | undefined {
  const figures = evaluation.measures[measure]?.figures ?? [];
  return figures.find((figure) => figure.name === name && (of === undefined || figure.of === of));
}

/**
 * Measures a run on a split of its own data: yields how far each metric is, returns the values. Throws ConfigError for a name
 * that is no measure, UnsupportedOpError for one the run lacks the capability for.
 *
 * @example
 * const run = await train(vae({ latentDim: 2 }), await digitsSource({ size: 500 }), { steps: 20 });
 * const progress = evaluateRun(run.loaded, { split: "test", seed: 0, metrics: ["active-units"] });
 * for await (const { measure } of progress) console.log(measure);
 * await run.release();
 */
export async function* evaluateRun(
  loaded: LoadedRun,
  request: EvaluationRequest,
): AsyncGenerator<EvaluationProgress, Evaluation> {
  const { run, trained, step, platform } = loaded;
  const { split: splitName, count, seed, metrics, extractor: spec } = request;
  const asked = metrics?.map(findMeasure);
  const source = await loaded.openData();
  const { binarize, source: name } = readRunData(run);
  const whole = source[splitName];
  const split: Split = { ...whole, indices: whole.indices.subarray(0, count) };
  const examples = split.indices.length;
  if (examples === 0)
    throw new DataError(`${source.name}: no ${splitName} examples, got 0, expected some; take another --split`);
  let extractor: Promise<Extractor> | undefined;
  const priors = new Map<string, Promise<CodePrior>>();
  const context: MeasureContext = {
    loaded,
    prior: (name) => {
      const opened = priors.get(name) ?? openPrior(loaded, name);
      priors.set(name, opened);
      return opened;
    },
    writeSample: (name, content) => run.writeSample(name, content),
    source,
    split,
    splitName,
    binarize,
    seed,
    samples: request.samples ?? 500,
    generated: request.generated ?? 10_000,
    priors: request.priors ?? (has(trained.model, "sample") ? [ownPrior] : ["full-gaussian", "gmm:10"]),
    extractor: () => (extractor ??= platform.openExtractor(source, { spec, onTraining: request.onExtractorTraining })),
    device: platform.evaluationDevice,
  };
  for (const prior of context.priors) if (isDensity(prior)) parseDensity(prior);
  const chosen =
    asked && request.lacking !== "leave out"
      ? asked
      : (asked ?? measures.filter(({ standard }) => standard)).filter((measure) => !whyLacking(measure, context));
  if (chosen.length === 0)
    throw new UnsupportedOpError("evaluate: nothing to measure, got a model without scores, codes or a likelihood");
  for (const measure of chosen) refuseLacking(measure, context);
  const found: Record<string, Measurement & { readonly seconds: number }> = {};
  try {
    for (const measure of chosen) {
      const start = performance.now();
      const measurement = yield* measuring(measure, context);
      found[measure.name] = { ...measurement, seconds: (performance.now() - start) / 1000 };
    }
  } finally {
    await (await extractor?.catch(() => undefined))?.release();
    for (const prior of priors.values()) await (await prior.catch(() => undefined))?.release();
  }
  const data = { source: name, fingerprint: source.fingerprint };
  return { model: run.info.model, step, data, split: splitName, examples, binarize, seed, measures: found };
}

async function* measuring(measure: Measure, context: MeasureContext): AsyncGenerator<EvaluationProgress, Measurement> {
  const result = measure.measure(context);
  if (!(Symbol.asyncIterator in result)) return result;
  let next = await result.next();
  for (; !next.done; next = await result.next()) yield { measure: measure.name, ...next.value };
  return next.value;
}

function refuseLacking(measure: Measure, context: MeasureContext): void {
  const lacking = whyLacking(measure, context);
  if (lacking === undefined) return;
  const others = measures.filter((each) => whyLacking(each, context) === undefined).map((each) => each.name);
  throw new UnsupportedOpError(
    `--metrics: this run has no ${measure.name}: ${lacking}, got ${measure.name}, expected one of ${others.join(", ")}`,
  );
}
