/** Metrics of a run, kept beside it, and evaluated again only where their inputs have changed. */
import { z } from "zod";
import { CheckpointError } from "../../errors.ts";
import { matching, parseJsonObject } from "../../serialization/json.ts";
import { type EvaluationRequest, evaluateRun } from "../evaluate-run.ts";
import type { LoadedRun } from "../load-run.ts";
import { lacking } from "../../evaluation/capabilities.ts";
import { readText, type RunStore } from "../storage/store.ts";
import { ownPrior } from "../../evaluation/metrics/generated.ts";
import type { MetricResult } from "../../evaluation/metrics/metric.ts";
import { version } from "../../version.ts";

const resultsSchema = z.array(
  z.strictObject({
    metric: z.string(),
    name: z.string(),
    of: z.string().optional(),
    value: z.number(),
    standardError: z.number().optional(),
    note: z.string().optional(),
    better: z.enum(["lower", "higher"]).optional(),
  }),
);
const anything = z.record(z.string(), z.unknown());
const evaluatedSchema = z.strictObject({
  /** The version that evaluated. */
  latentkit: z.string(),
  request: anything,
  /** SHA-256 of the weights. */
  weights: z.string(),
  examples: z.int().positive(),
  results: resultsSchema,
  /** By metric. */
  conditions: z.record(z.string(), anything),
  warnings: z.array(z.string()),
  /** By metric, why it could not be evaluated. */
  failed: z.record(z.string(), z.string()),
});
export type EvaluatedRun = Readonly<z.infer<typeof evaluatedSchema>>;
export type EvaluatedResult = EvaluatedRun["results"][number];

export interface EvaluatingEvent {
  readonly kind: "measuring";
  /** The metric under way. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

/** Whether a model can sample from a prior: a density fitted to its codes, or its own p(z). */
export function generatesFrom({ trained: { model } }: LoadedRun, prior: string): boolean {
  return !lacking(model, prior === ownPrior ? ["sample"] : ["encode", "decode", "vector"]);
}

/** Where values are kept: in the run's own store, or that of a study. */
export interface ResultsFile {
  readonly store: RunStore;
  readonly file: string;
}

/** Of a file that is read again. */
const maxResultsBytes = 10_000_000;

/**
 * What `evaluateRun` finds, or found before by the same request of the same weights, which the file keeps. Of `priors` only those
 * that the model has.
 */
export async function* evaluatedRun(
  { store, file }: ResultsFile,
  loaded: LoadedRun,
  request: EvaluationRequest,
): AsyncGenerator<EvaluatingEvent, EvaluatedRun> {
  // As it is read back.
  const asked = anything.parse(JSON.parse(JSON.stringify(request)));
  const weights = await loaded.run.weightsDigest(loaded.step);
  const before = await readEvaluated({ store, file });
  if (
    before?.weights === weights &&
    before.latentkit === version &&
    JSON.stringify(before.request) === JSON.stringify(asked)
  )
    return before;
  const { priors } = request;
  const possible = priors?.filter((prior) => generatesFrom(loaded, prior));
  const evaluation = evaluateRun(loaded, { ...request, ...(possible && { priors: possible }) });
  let next = await evaluation.next();
  for (; !next.done; next = await evaluation.next()) {
    const { metric, done, total } = next.value;
    yield { kind: "measuring", what: metric, done, total };
  }
  const found = Object.entries(next.value.metrics);
  const measured: EvaluatedRun = {
    latentkit: version,
    request: asked,
    weights,
    examples: next.value.examples,
    results: found.flatMap(([metric, { results }]) => results.map((result) => keptResult(metric, result))),
    conditions: Object.fromEntries(found.map(([name, { conditions }]) => [name, conditions])),
    warnings: found.flatMap(([, { warnings = [] }]) => warnings),
    failed: Object.fromEntries(found.flatMap(([name, { failed }]) => (failed === undefined ? [] : [[name, failed]]))),
  };
  await store.write(file, `${JSON.stringify(measured, null, 2)}\n`);
  return measured;
}

/** What the file keeps; nothing where it is none of this version's, and all can be measured again. */
async function readEvaluated({ store, file }: ResultsFile): Promise<EvaluatedRun | undefined> {
  if ((await store.kindOf(file)) === "nothing") return undefined;
  try {
    const where = store.pathOf(file);
    return matching(evaluatedSchema, parseJsonObject(await readText(store, file, maxResultsBytes), where), where);
  } catch (error) {
    if (error instanceof CheckpointError) return undefined;
    throw error;
  }
}

const keptResult = (
  metric: string,
  { name, of, value, standardError, note, better }: MetricResult,
): EvaluatedResult => ({
  metric,
  name,
  ...(of !== undefined && { of }),
  value,
  ...(standardError !== undefined && { standardError }),
  ...(note !== undefined && { note }),
  ...(better && { better }),
});
