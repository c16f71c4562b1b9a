import { createDataset } from "../../data/dataset.ts";
import { whole } from "../../data/split.ts";
import { UnsupportedOpError } from "../../errors.ts";
import { has } from "../../evaluation/capabilities.ts";
import { type ConditionValues, takenBy } from "../../evaluation/condition.ts";
import { mapSplit } from "../../evaluation/map-split.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { LoadedRun } from "../load-run.ts";
import { samplePiece } from "../samples/sample-rows.ts";
import type { CodePrior } from "./code-prior.ts";
import { standardize, unstandardize } from "./standardization.ts";

/** What of a run sampling takes that was trained on codes. */
export type CodesRun = Pick<LoadedRun, "run" | "trained" | "openParent">;

/** A run that was trained on the codes of another, with a prior of its own codes in place of its p(z) where one is given. */
export interface PriorRun {
  readonly run: CodesRun;
  readonly from?: CodePrior | undefined;
}

/** Runs that were trained on codes of a model, one a latent, as its prior: each is given what was sampled of the latents above it. */
export function runPrior({ model }: TrainedModel, name: string, priors: readonly PriorRun[]): CodePrior {
  const order = (model.latents ?? []).map((latent) => latent.name);
  const byLatent = priors
    .map(({ run, from }) => ({ run, from, parent: run.run.info.parent! }))
    .toSorted((a, b) => order.indexOf(a.parent.latent) - order.indexOf(b.parent.latent));
  const only = byLatent.length === 1 && !byLatent[0]!.from ? byLatent[0] : undefined;
  const fields = byLatent
    .flatMap(({ run, from }) => [...(run.trained.model.condition?.fields ?? []), ...(from?.condition?.fields ?? [])])
    .filter((field, i, all) => !order.includes(field.name) && all.findIndex((f) => f.name === field.name) === i);
  const required = byLatent.some(({ run, from }) => run.trained.model.condition?.required || from?.condition?.required);
  return {
    name,
    ...(fields.length > 0 && { condition: { fields, required } }),
    async sample(count, { condition = {}, ...how } = {}) {
      const standardized: Record<string, Float32Array> = {};
      const codes: Record<string, Float32Array> = {};
      for (const { run, from, parent } of byLatent) {
        const { trained } = run;
        const known: ConditionValues = { ...trained.condition, ...condition, ...standardized };
        const given = takenBy(trained.model, known);
        standardized[parent.latent] = await samplePiece(trained, count, {
          ...how,
          prior: from,
          condition: known,
          given,
        });
        codes[parent.latent] = unstandardize(standardized[parent.latent]!, parent.standardization[parent.latent]!);
      }
      return codes;
    },
    ...(only &&
      has(only.run.trained.model, "likelihood") && {
        logProb: (codes: Float32Array) => logProbOf(only.run, codes),
      }),
    async release() {
      for (const { run, from } of byLatent) {
        await from?.release();
        await run.trained.release();
      }
    },
  };
}

/** log p of codes by a run's exact likelihood, in the codes' own units. */
async function logProbOf({ run, trained }: CodesRun, codes: Float32Array): Promise<Float64Array> {
  const { parent } = run.info;
  const { mean, std } = parent!.standardization[parent!.latent]!;
  const { model, shape } = trained;
  if (!model.logProb)
    throw new UnsupportedOpError(
      `--prior: ${run.path} has no exact likelihood of codes, got a bound, expected a flow, an autoregressive model, or gmm:K`,
    );
  const dataset = await createDataset({
    name: "codes",
    description: "codes to score",
    shape,
    size: codes.length / sizeOf(shape),
    values: standardize(codes, { mean, std }),
    range: null,
  });
  const split = whole(dataset);
  const { logProb } = await mapSplit(trained, { split, key: "log p of codes" }, (x, context) => ({
    logProb: model.logProb!(x, context),
  }));
  const logScale = std.reduce((sum, s) => sum + Math.log(s), 0);
  return Float64Array.from(logProb, (log) => log - logScale);
}
