import { drawnExamples } from "../../data/examples/drawn-examples.ts";
import type { SplitName } from "../../data/split.ts";
import { ConfigError, DataError } from "../../errors.ts";
import { has } from "../../evaluation/capabilities.ts";
import type { Extractor } from "../../evaluation/extractors/extractor.ts";
import { usualSamples } from "../../evaluation/likelihood/likelihood.ts";
import { ownPrior } from "../../evaluation/metrics/generated.ts";
import type { MetricContext } from "../../evaluation/metrics/metric.ts";
import type { CodePrior } from "../codes/code-prior.ts";
import { type Generator, generatorOf } from "../codes/generator.ts";
import { openPrior } from "../codes/open-prior.ts";
import type { EvaluationRequest } from "./evaluation-request.ts";
import type { LoadedRun } from "../load-run.ts";
import type { Model } from "../../models/model.ts";
import { samplerOf } from "../../models/sampler.ts";
import { parseSettings } from "../../settings-schema.ts";
import { readRunData } from "../run-spec.ts";

/** What metrics of a run are given, and what frees all that they opened. */
export interface OpenContext {
  readonly context: MetricContext;
  release(): Promise<void>;
}

/** Of a run on its own data. Throws DataError where the split has no examples. */
export async function openContext(
  loaded: LoadedRun,
  request: EvaluationRequest,
  splitName: SplitName,
): Promise<OpenContext> {
  const priors = new Map<string, Promise<CodePrior>>();
  const parts = await contextParts(loaded, loaded, request, splitName);
  return {
    context: { ...parts.context, prior: (name) => kept(priors, name, () => openPrior(loaded, name)) },
    async release() {
      await parts.release();
      for (const prior of priors.values()) await (await prior.catch(() => undefined))?.release();
    },
  };
}

/** Of the samples of a run that was trained on codes, as the run that these are of decodes them, on the data of that run; nothing of any other. */
export async function openDecodedContext(
  loaded: LoadedRun,
  request: EvaluationRequest,
  splitName: SplitName,
): Promise<OpenContext | undefined> {
  if (!loaded.run.info.parent) return undefined;
  const own = await generatorOf(loaded);
  const generators = new Map<string, Promise<Generator>>([[ownPrior, Promise.resolve(own)]]);
  const parts = await contextParts(loaded, own.loaded, request, splitName);
  const generator = (name: string): Promise<Generator> =>
    kept(generators, name, async () => generatorOf(loaded, await openPrior(loaded, name)));
  return {
    context: {
      ...parts.context,
      decoder: own.loaded.trained,
      prior: async (name) => (await generator(name)).prior!,
    },
    async release() {
      await parts.release();
      for (const opened of generators.values()) await (await opened.catch(() => undefined))?.release();
    },
  };
}

function kept<T>(all: Map<string, Promise<T>>, name: string, open: () => Promise<T>): Promise<T> {
  const opened = all.get(name) ?? open();
  all.set(name, opened);
  return opened;
}

/** Options of a model's sampler, checked. Throws ConfigError for one that is unknown or out of range, or where there is no sampler. */
function samplerOptions(
  model: Model,
  given: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const names = Object.keys(given);
  if (names.length === 0) return {};
  const sampler = samplerOf(model);
  if (!sampler)
    throw new ConfigError(`--sampler: the model has no sampler of its own, got ${names.join(", ")}, expected none`);
  const parsed: object = parseSettings(sampler.options, given, (name) => `--sampler: ${name}`);
  return Object.fromEntries(Object.entries(parsed).filter(([name]) => Object.hasOwn(given, name)));
}

/** `of`: the run whose data the examples are of. */
async function contextParts(
  loaded: LoadedRun,
  of: LoadedRun,
  request: EvaluationRequest,
  splitName: SplitName,
): Promise<{ readonly context: Omit<MetricContext, "prior">; release(): Promise<void> }> {
  const { run, trained, platform } = loaded;
  const { count, seed, extractor: spec } = request;
  const source = await of.openData();
  const split = drawnExamples(source[splitName], count, seed);
  if (split.indices.length === 0)
    throw new DataError(`${source.name}: no ${splitName} examples, got 0, expected some; choose another --split`);
  let extractor: Promise<Extractor> | undefined;
  const context: Omit<MetricContext, "prior"> = {
    loaded,
    writeSample: (name, content) => run.writeSample(name, content),
    source,
    split,
    splitName,
    binarize: readRunData(of.run).binarize,
    seed,
    samples: request.samples ?? usualSamples(trained.model),
    generated: request.generated ?? 10_000,
    ...(request.show && { show: request.show }),
    sampler: samplerOptions(trained.model, request.sampler),
    priors: request.priors ?? (has(trained.model, "sample") ? [ownPrior] : ["full-gaussian", "gmm:10"]),
    extractor: () => (extractor ??= platform.openExtractor(source, { spec, onTraining: request.onExtractorTraining })),
    device: platform.evaluationDevice,
  };
  return { context, release: async () => (await extractor?.catch(() => undefined))?.release() };
}
