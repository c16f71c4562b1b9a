import type { Binarization } from "../data/binarize.ts";
import { drawnExamples } from "../data/examples/drawn-examples.ts";
import { findSplit, type SplitName } from "../data/split.ts";
import { ConfigError, DataError, LatentkitError, UnsupportedOpError } from "../errors.ts";
import { isDensity, parseDensity } from "../latent/density.ts";
import { refuseUnknownKeys } from "../nearest-name.ts";
import type { Extractor } from "../evaluation/extractors/extractor.ts";
import type { LoadedRun } from "./load-run.ts";
import { ownPrior } from "../evaluation/metrics/generated.ts";
import { findMetric, metrics } from "../evaluation/metrics/index.ts";
import type { Shown } from "../evaluation/samples/shown-samples.ts";
import { has } from "../evaluation/capabilities.ts";
import type { Model } from "../models/model.ts";
import { samplerOf } from "../models/sampler.ts";
import { parseSettings } from "../settings-schema.ts";
import {
  type MetricResult,
  type Metric,
  type MetricContext,
  type MetricProgress,
  type MetricReport,
  whyLacking,
} from "../evaluation/metrics/metric.ts";
import { type CodePrior, openPrior } from "./codes/code-prior.ts";
import { readRunData } from "./run-spec.ts";

export interface EvaluationRequest {
  readonly split: SplitName;
  /** Number of examples, drawn at random; by default all. */
  readonly count?: number;
  /** Samples of z per example, for estimates of the likelihood (500). */
  readonly samples?: number;
  readonly seed: number;
  /** Names of metrics; by default those without generated examples that the run has the capabilities for. */
  readonly metrics?: readonly string[];
  /** Whether named metrics that the run lacks the capabilities for are refused, or left out (refuse). */
  readonly lacking?: "refuse" | "leave out";
  /** Number of generated examples (10,000). */
  readonly generated?: number;
  /** Whether they are samples of p(x|z) or its means (means for images, samples for all else). */
  readonly show?: Shown | undefined;
  /** Their priors: densities of codes, or "own"; by default own for a model with p(z), else full-gaussian and gmm:10. */
  readonly priors?: readonly string[];
  /** Options of the model's own sampler, which samples of the prior "own" are made with: `{ steps: 8, solver: "ddim" }`. */
  readonly sampler?: Readonly<Record<string, unknown>>;
  /** The feature extractor: see openExtractor. */
  readonly extractor?: string;
  /** Called with the progress of training an extractor, in steps. */
  readonly onExtractorTraining?: (step: number, steps: number) => void;
}

const requestKeys: Readonly<Record<keyof EvaluationRequest, true>> = {
  split: true,
  count: true,
  samples: true,
  seed: true,
  metrics: true,
  lacking: true,
  generated: true,
  show: true,
  priors: true,
  sampler: true,
  extractor: true,
  onExtractorTraining: true,
};

/** Values of metrics of a run with everything they depend on. */
export interface Evaluation {
  readonly model: string;
  readonly step: number;
  readonly data: { readonly source: string; readonly fingerprint: string };
  readonly split: SplitName;
  readonly examples: number;
  readonly binarize: Binarization;
  readonly seed: number;
  /** By the metric's name, in the registry's order. */
  readonly metrics: Readonly<Record<string, EvaluatedMetric>>;
}

/** What a metric found, or why it could not be evaluated: it then has no results. */
export interface EvaluatedMetric extends MetricReport {
  readonly seconds: number;
  readonly failed?: string;
}

export interface EvaluationProgress extends MetricProgress {
  readonly metric: string;
}

/** The value of a name, the first one where a metric has several; undefined where it was not evaluated. */
export function resultOf(evaluation: Evaluation, metric: string, name: string, of?: string): MetricResult | undefined {
  const results = evaluation.metrics[metric]?.results ?? [];
  return results.find((result) => result.name === name && (of === undefined || result.of === of));
}

/** Options of a model's sampler, checked. Throws ConfigError for one that is unknown or out of range, or where there is no sampler. */
function samplerOptions(
  model: Model,
  given: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const names = Object.keys(given);
  const sampler = samplerOf(model);
  if (names.length === 0) return {};
  if (!sampler)
    throw new ConfigError(`--sampler: the model has no sampler of its own, got ${names.join(", ")}, expected none`);
  const parsed: object = parseSettings(sampler.options, given, (name) => `--sampler: ${name}`);
  return Object.fromEntries(Object.entries(parsed).filter(([name]) => Object.hasOwn(given, name)));
}

/**
 * Evaluates a run on a split of its own data: yields the progress of each metric, returns the values. Throws ConfigError for a name
 * that is no metric, split or option, UnsupportedOpError for one the run lacks the capability for.
 *
 * @example
 * const run = await train(vae({ latentDim: 2 }), await digitsSource({ size: 500 }), { steps: 20 });
 * const progress = evaluateRun(run.loaded, { split: "test", seed: 0, metrics: ["active-units"] });
 * for await (const { metric } of progress) console.log(metric);
 * await run.release();
 */
export async function* evaluateRun(
  loaded: LoadedRun,
  request: EvaluationRequest,
): AsyncGenerator<EvaluationProgress, Evaluation> {
  refuseUnknownKeys("evaluate", "option", request, Object.keys(requestKeys));
  const { run, trained, step, platform } = loaded;
  const { count, seed, extractor: spec } = request;
  const splitName = findSplit("evaluate", request.split);
  refuseText("metrics", request.metrics);
  refuseText("priors", request.priors);
  const asked = request.metrics && [...new Set(request.metrics.map(findMetric))];
  const source = await loaded.openData();
  const { binarize, source: name } = readRunData(run);
  const whole = source[splitName];
  const split = drawnExamples(whole, count, seed);
  const examples = split.indices.length;
  if (examples === 0)
    throw new DataError(`${source.name}: no ${splitName} examples, got 0, expected some; choose another --split`);
  let extractor: Promise<Extractor> | undefined;
  const priors = new Map<string, Promise<CodePrior>>();
  const context: MetricContext = {
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
    ...(request.show && { show: request.show }),
    sampler: samplerOptions(trained.model, request.sampler),
    priors: request.priors ?? (has(trained.model, "sample") ? [ownPrior] : ["full-gaussian", "gmm:10"]),
    extractor: () => (extractor ??= platform.openExtractor(source, { spec, onTraining: request.onExtractorTraining })),
    device: platform.evaluationDevice,
  };
  for (const prior of context.priors) if (isDensity(prior)) parseDensity(prior);
  const chosen =
    asked && request.lacking !== "leave out"
      ? asked
      : (asked ?? metrics.filter(({ standard }) => standard)).filter((metric) => !whyLacking(metric, context));
  if (chosen.length === 0)
    throw new UnsupportedOpError(
      "evaluate: no metrics for this run, got a model without validation metrics, codes or a likelihood, expected --metrics of samples, such as frechet,kid",
    );
  if (chosen.every((metric) => whyLacking(metric, context))) refuseLacking(chosen[0]!, context);
  const found: Record<string, EvaluatedMetric> = {};
  const failures: unknown[] = [];
  try {
    for (const metric of chosen) {
      const start = performance.now();
      const seconds = (): number => (performance.now() - start) / 1000;
      const lacks = whyLacking(metric, context);
      if (lacks !== undefined) {
        found[metric.name] = { results: [], conditions: {}, seconds: 0, failed: lacks };
        continue;
      }
      try {
        const report = yield* measuring(metric, context);
        found[metric.name] = { ...report, seconds: seconds() };
      } catch (error) {
        // What a metric refuses ends no other one; a bug ends all.
        if (!(error instanceof LatentkitError)) throw error;
        failures.push(error);
        found[metric.name] = { results: [], conditions: {}, seconds: seconds(), failed: error.message };
      }
    }
    const partial = request.lacking === "leave out";
    if (!partial && failures.length > 0 && Object.values(found).every(({ failed }) => failed !== undefined))
      throw failures[0];
  } finally {
    await (await extractor?.catch(() => undefined))?.release();
    for (const prior of priors.values()) await (await prior.catch(() => undefined))?.release();
  }
  const data = { source: name, fingerprint: source.fingerprint };
  return { model: run.info.model, step, data, split: splitName, examples, binarize, seed, metrics: found };
}

/** JavaScript can pass a name in place of a list of them. */
function refuseText(option: string, names: unknown): void {
  if (typeof names === "string")
    throw new ConfigError(`evaluate: ${option} is not a list, got "${names}", expected an array, such as ["${names}"]`);
}

async function* measuring(metric: Metric, context: MetricContext): AsyncGenerator<EvaluationProgress, MetricReport> {
  const result = metric.evaluate(context);
  if (!(Symbol.asyncIterator in result)) return result;
  let next = await result.next();
  for (; !next.done; next = await result.next()) yield { metric: metric.name, ...next.value };
  return next.value;
}

function refuseLacking(metric: Metric, context: MetricContext): void {
  const lacking = whyLacking(metric, context);
  if (lacking === undefined) return;
  const others = metrics.filter((each) => whyLacking(each, context) === undefined).map((each) => each.name);
  throw new UnsupportedOpError(
    `--metrics: this run has no ${metric.name}: ${lacking}, got ${metric.name}, expected one of ${others.join(", ")}`,
  );
}
