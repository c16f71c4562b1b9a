import { ConfigError } from "../../errors.ts";
import { type ConditionValues, takenBy } from "../../evaluation/condition.ts";
import type { FieldSpec } from "../../data/spec.ts";
import type { LatentCodes } from "../../evaluation/latent-codes.ts";
import { drain, type SampledMarginals } from "../../evaluation/samples/sampling.ts";
import { chunk } from "../../evaluation/model-on-device.ts";
import type { Preview, Report } from "../../evaluation/samples/sampling-loop.ts";
import { givesMeans } from "../../evaluation/samples/shown-samples.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { requiredFields } from "../../models/conditioning.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { classQuotas } from "./class-quotas.ts";
import type { CodePrior } from "../codes/code-prior.ts";

/** How samples are made, whatever their number. */
export interface SamplePieceOptions {
  readonly seed?: number | undefined;
  readonly temperature?: number | undefined;
  /** Whether means of p(x|z) are shown in place of samples. */
  readonly mean?: boolean;
  /** Of rows of a table; by default the data's where samples are as the model, or the prior, makes them. */
  readonly marginals?: SampledMarginals | undefined;
  /** The sampler's own options. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Called with the progress of a sampler of many steps. */
  readonly onStep?: ((step: number, steps: number) => void) | undefined;
  /** Called with the samples on their way, every so many steps from the start on; not where a prior is given. */
  readonly previews?: { readonly every: number; readonly on: (preview: Preview) => void } | undefined;
  /** Called with what the sampler tells of some samples. */
  readonly onReport?: ((report: Report) => void) | undefined;
  /** In place of the model's own prior. */
  readonly prior?: CodePrior | undefined;
  /** The condition of a conditional prior. */
  readonly condition?: ConditionValues | undefined;
  /** Of Gaussians, in place of a temperature: Mahalanobis distance of the codes from the means. */
  readonly radius?: number | undefined;
}

/** `count` samples from place `first` on of all that the seed gives; `given`: the condition, of the model and its prior. */
export async function samplePiece(
  trained: TrainedModel,
  count: number,
  {
    seed = 0,
    first = 0,
    temperature,
    mean,
    marginals,
    options,
    onStep,
    previews,
    onReport,
    prior,
    condition: wanted,
    radius,
    given,
  }: SamplePieceOptions & { readonly first?: number | undefined; readonly given?: ConditionValues },
): Promise<Float32Array> {
  const from = given ? trained.given(prior ? takenBy(trained.model, given) : given) : trained;
  if (!prior) {
    const own = { ...(temperature !== undefined && { temperature }), ...(mean && { mean }), ...options };
    const progress = from.sampling(count, {
      seed,
      first,
      marginals,
      ...(previews && { previewEvery: previews.every }),
      ...own,
    });
    return drain(progress, ({ step, steps, preview, report }) => {
      onStep?.(step, steps);
      if (preview) previews?.on(preview);
      if (report) onReport?.(report);
    });
  }
  const condition = { ...wanted, ...(given ?? trained.condition) };
  const codes = (of: number, at: number): Promise<LatentCodes> =>
    prior.sample(of, { seed, first: at, temperature, radius, condition, onStep, ...(options && { options }) });
  if (mean || !givesMeans(trained.model)) {
    if (marginals) throw new ConfigError(`sample: marginals are of samples, got ${marginals} for means, expected none`);
    return from.decodeLatents(await codes(count, first), { seed, first, mean: true });
  }
  const asItIs =
    temperature === undefined && radius === undefined && Object.keys({ ...condition, ...options }).length === 0;
  return from.sampleCodes(count, codes, { seed, first, marginals: marginals ?? (asItIs ? undefined : "model") });
}

/** Samples of a shape made at a time: a multiple of the rows of a graph, and at most 64 MB of values. */
function rowsOfPiece(shape: Shape): number {
  const fitting = Math.floor(2 ** 24 / sizeOf(shape));
  return Math.min(16_384, Math.max(chunk, fitting - (fitting % chunk)));
}

/** The class that samples are to have as often as the training data: of a model, or a prior, of p(x | class) that is given none. */
export function sampledClass(
  trained: TrainedModel,
  { prior, condition = {} }: Pick<SamplePieceOptions, "prior" | "condition">,
): Extract<FieldSpec, { readonly kind: "class" }> | undefined {
  const given: ConditionValues = { ...condition, ...trained.condition };
  const required = [trained.model.condition, prior?.condition].flatMap((each) => requiredFields({ condition: each }));
  return required.find((field) => field.kind === "class" && !given[field.name]) as
    | Extract<FieldSpec, { readonly kind: "class" }>
    | undefined;
}

export interface SampledRows {
  /** [count, ...shape]. */
  readonly examples: Float32Array;
  /** The class of each, where the model is of p(x | class). */
  readonly classes: ArrayLike<number> | undefined;
}

/**
 * `count` samples in pieces, so that they are never in memory together; sample i does not depend on their number. A class-conditional model that is
 * given no class samples the classes as often as they are in its training data.
 */
export async function* sampleRows(
  trained: TrainedModel,
  { count, ...options }: SamplePieceOptions & { readonly count: number },
): AsyncGenerator<SampledRows> {
  const piece = rowsOfPiece(trained.shape);
  const field = sampledClass(trained, options);
  const next = field && classQuotas(field.counts ?? field.classes.map(() => 1));
  const known = (trained.isGiven ? trained.condition : options.condition)?.["class"];
  for (let first = 0; first < count; first += piece) {
    const rows = Math.min(piece, count - first);
    // Conditions are repeated over the rows of a piece: each has as many.
    const classes = next ? Uint32Array.from({ length: piece }, next) : undefined;
    const given = field && classes ? { given: { [field.name]: classes } } : {};
    const examples = await samplePiece(trained, rows, { ...options, first, ...given });
    yield {
      examples,
      classes:
        classes?.subarray(0, rows) ??
        (known && Uint32Array.from({ length: rows }, (_, i) => known[(first + i) % known.length]!)),
    };
  }
}
