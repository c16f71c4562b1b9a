import type { Binarization } from "../data/binarize.ts";
import { findSplit, type SplitName } from "../data/split.ts";
import { ConfigError, LatentkitError, UnsupportedOpError } from "../errors.ts";
import { isDensity, parseDensity } from "../latent/density.ts";
import { refuseUnknownKeys } from "../nearest-name.ts";
import type { EvaluationRequest } from "./evaluation/evaluation-request.ts";
import type { LoadedRun } from "./load-run.ts";
import { openContext, openDecodedContext } from "./evaluation/metric-context.ts";
import { findMetric, metrics } from "../evaluation/metrics/index.ts";
import {
  type MetricResult,
  type Metric,
  type MetricContext,
  type MetricProgress,
  type MetricReport,
  whyLacking,
} from "../evaluation/metrics/metric.ts";

export type { EvaluationRequest } from "./evaluation/evaluation-request.ts";

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
  const { run, step } = loaded;
  const splitName = findSplit("evaluate", request.split);
  refuseText("metrics", request.metrics);
  refuseText("priors", request.priors);
  const asked = request.metrics && [...new Set(request.metrics.map(findMetric))];
  const own = await openContext(loaded, request, splitName);
  const generates = (asked ?? standard).some((metric) => metric.generates);
  const decoded = generates ? await openDecodedContext(loaded, request, splitName) : undefined;
  const { context } = own;
  const contextOf: ContextOf = (metric) => (metric.generates && decoded ? decoded.context : context);
  for (const prior of context.priors) if (isDensity(prior)) parseDensity(prior);
  const chosen =
    asked && request.lacking !== "leave out"
      ? asked
      : (asked ?? standard).filter((metric) => !whyLacking(metric, contextOf(metric)));
  if (chosen.length === 0)
    throw new UnsupportedOpError(
      "evaluate: no metrics for this run, got a model without validation metrics, codes or a likelihood, expected --metrics of samples, such as frechet,kid",
    );
  if (chosen.every((metric) => whyLacking(metric, contextOf(metric)))) refuseLacking(chosen[0]!, contextOf);
  const found: Record<string, EvaluatedMetric> = {};
  const failures: unknown[] = [];
  try {
    for (const metric of chosen) {
      const start = performance.now();
      const seconds = (): number => (performance.now() - start) / 1000;
      const lacks = whyLacking(metric, contextOf(metric));
      if (lacks !== undefined) {
        found[metric.name] = { results: [], conditions: {}, seconds: 0, failed: lacks };
        continue;
      }
      try {
        const report = yield* measuring(metric, contextOf(metric));
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
    await decoded?.release();
    await own.release();
  }
  const data = { source: run.info.data.source, fingerprint: context.source.fingerprint };
  const { binarize, seed, split } = context;
  const examples = split.indices.length;
  return { model: run.info.model, step, data, split: splitName, examples, binarize, seed, metrics: found };
}

/** What a metric is given. */
type ContextOf = (metric: Metric) => MetricContext;

/** What is evaluated where nothing is named. */
const standard = metrics.filter((metric) => metric.standard);

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

function refuseLacking(metric: Metric, contextOf: ContextOf): void {
  const lacking = whyLacking(metric, contextOf(metric));
  if (lacking === undefined) return;
  const others = metrics.filter((each) => whyLacking(each, contextOf(each)) === undefined).map((each) => each.name);
  throw new UnsupportedOpError(
    `--metrics: this run has no ${metric.name}: ${lacking}, got ${metric.name}, expected one of ${others.join(", ")}`,
  );
}
