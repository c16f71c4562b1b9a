/** Values of metrics of a run that are kept beside it, and measured only where what they depend on is another. */
import { z } from "zod";
import { CheckpointError } from "../../errors.ts";
import { matching, parseJsonObject } from "../../serialization/json.ts";
import { type EvaluationRequest, evaluateRun } from "../evaluate-run.ts";
import type { LoadedRun } from "../load-run.ts";
import { lacking } from "../../evaluation/capabilities.ts";
import { readText, type RunStore } from "../storage/store.ts";
import { ownPrior } from "../../evaluation/metrics/generated.ts";
import type { Figure } from "../../evaluation/metrics/metric.ts";
import { version } from "../../version.ts";

const figuresSchema = z.array(
  z.strictObject({
    measure: z.string(),
    name: z.string(),
    of: z.string().optional(),
    value: z.number(),
    standardError: z.number().optional(),
    better: z.enum(["lower", "higher"]).optional(),
  }),
);
const anything = z.record(z.string(), z.unknown());
const measuredSchema = z.strictObject({
  /** The version that measured. */
  latentkit: z.string(),
  request: anything,
  /** SHA-256 of what was measured. */
  weights: z.string(),
  examples: z.int().positive(),
  figures: figuresSchema,
  /** By measure. */
  conditions: z.record(z.string(), anything),
  warnings: z.array(z.string()),
});
export type MeasuredRun = Readonly<z.infer<typeof measuredSchema>>;
export type MeasuredFigure = MeasuredRun["figures"][number];

export interface MeasuringEvent {
  readonly kind: "measuring";
  /** The measure under way. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

/** Whether a model generates from a density fitted to its codes, or from its own p(z). */
export function generatesFrom({ trained: { model } }: LoadedRun, prior: string): boolean {
  return !lacking(model, prior === ownPrior ? ["sample"] : ["encode", "decode", "vector"]);
}

/** Where values are kept: in the run's own store, or that of a study. */
export interface FiguresFile {
  readonly store: RunStore;
  readonly file: string;
}

/** Of a file that is read again. */
const maxFiguresBytes = 10_000_000;

/**
 * What `evaluateRun` finds, or found before by the same request of the same weights, which the file keeps. Of `priors` only those
 * that the model has.
 */
export async function* measuredRun(
  { store, file }: FiguresFile,
  loaded: LoadedRun,
  request: EvaluationRequest,
): AsyncGenerator<MeasuringEvent, MeasuredRun> {
  // As it is read back.
  const asked = anything.parse(JSON.parse(JSON.stringify(request)));
  const weights = await loaded.run.weightsDigest(loaded.step);
  const before = await readMeasured({ store, file });
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
    const { measure, done, total } = next.value;
    yield { kind: "measuring", what: measure, done, total };
  }
  const found = Object.entries(next.value.measures);
  const measured: MeasuredRun = {
    latentkit: version,
    request: asked,
    weights,
    examples: next.value.examples,
    figures: found.flatMap(([measure, { figures }]) => figures.map((figure) => keptFigure(measure, figure))),
    conditions: Object.fromEntries(found.map(([name, { conditions }]) => [name, conditions])),
    warnings: found.flatMap(([, { warnings = [] }]) => warnings),
  };
  await store.write(file, `${JSON.stringify(measured, null, 2)}\n`);
  return measured;
}

/** What the file keeps; nothing where it is none of this version's, and all can be measured again. */
async function readMeasured({ store, file }: FiguresFile): Promise<MeasuredRun | undefined> {
  if ((await store.kindOf(file)) === "nothing") return undefined;
  try {
    const where = store.pathOf(file);
    return matching(measuredSchema, parseJsonObject(await readText(store, file, maxFiguresBytes), where), where);
  } catch (error) {
    if (error instanceof CheckpointError) return undefined;
    throw error;
  }
}

const keptFigure = (measure: string, { name, of, value, standardError, better }: Figure): MeasuredFigure => ({
  measure,
  name,
  ...(of !== undefined && { of }),
  value,
  ...(standardError !== undefined && { standardError }),
  ...(better && { better }),
});
