import { drawnExamples } from "../data/examples/drawn-examples.ts";
import type { Binarization } from "../data/binarize.ts";
import { isBinary } from "../data/is-binary.ts";
import type { Split } from "../data/split.ts";
import type { Remedies } from "../models/definition.ts";
import type { Model } from "../models/model.ts";
import { symbolLatents, useSuffix } from "../evaluation/latent-codes.ts";
import { lacking } from "../evaluation/capabilities.ts";
import { unitReport } from "../metrics/codes/unit-report.ts";
import type { Rewind } from "../training/checkpoint.ts";
import { largestActivation } from "../training/doctor/activations.ts";
import { averageLag } from "../training/doctor/average-lag.ts";
import { countDeadUnits } from "../training/doctor/dead-units.ts";
import { diagnoseGame, type Variety } from "../training/doctor/adversarial-diagnosis.ts";
import { diagnoseCodebooks, type ExaminedCodebook } from "../training/doctor/codebook-diagnosis.ts";
import { diagnoseDenoiser } from "../training/doctor/denoising-diagnosis.ts";
import { diagnoseInverse } from "../training/doctor/inverse-diagnosis.ts";
import { diagnose, type Measured, median } from "../training/doctor/diagnosis.ts";
import type { Finding } from "../training/doctor/finding.ts";
import type { TrainedModel } from "../evaluation/trained-model.ts";
import type { Run } from "./run.ts";
import { forExamples } from "../evaluation/given-examples.ts";
import { sizeOf } from "../graph/shape.ts";
import { fidelity } from "../metrics/samples/fidelity.ts";
import { nearestNeighbors } from "../metrics/samples/nearest-neighbors.ts";
import { firstExamples } from "../data/first-examples.ts";

const examinedExamples = 500;
/** A unit that is 0 for fewer examples than these may well serve others. */
const fewestForUnits = 100;

/** Findings of the training doctor on a run's record, and on its final weights on validation examples. */
export async function runFindings({
  run,
  trained,
  validation,
  binarize,
  rewinds,
  remedies,
  ema,
}: {
  readonly run: Run;
  readonly trained: TrainedModel;
  readonly validation: Split;
  readonly binarize: Binarization;
  readonly rewinds: readonly Rewind[];
  readonly remedies: Remedies;
  /** Decay of the EMA weights, where there are any. */
  readonly ema?: number | undefined;
}): Promise<Finding[]> {
  const records: Measured[] = [];
  for await (const record of run.metrics()) records.push(record);
  if (validation.indices.length === 0) return [...diagnose({ records, remedies, rewinds })];
  const { model, store, shape } = trained;
  const examined = drawnExamples(validation, examinedExamples);
  const x = firstExamples(examined, examinedExamples, binarize);
  const rates = await ratesOf(trained, examined, binarize);
  const enough = validation.indices.length >= fewestForUnits && !model.condition?.required;
  const deadUnits = enough
    ? await countDeadUnits(model, { store, x, shape, emaWeights: trained.emaWeights })
    : undefined;
  const few = { store, x: x.subarray(0, fewestForUnits * sizeOf(shape)), shape, emaWeights: trained.emaWeights };
  const alone = !model.condition?.required;
  const activation = alone ? await largestActivation(model, few) : undefined;
  const average = alone ? await averageLag(model, few) : undefined;
  const binary = validation.dataset.range && isBinary(validation);
  const variety = await varietyOf(trained, examined, x);
  const games = diagnoseGame({ records, ...(variety && { variety }) });
  // Gradients near 0 are many times their median by chance.
  const won = games.some(({ finding }) => finding === "discriminator-won");
  const others = diagnose({
    records,
    remedies,
    rewinds,
    ...(binary !== null && { binary }),
    ...(rates && { rates }),
    ...(deadUnits && { deadUnits }),
    ...(activation && { activation }),
    ...(average && { average, ema }),
  });
  return [
    ...games,
    ...diagnoseDenoiser(records),
    ...diagnoseInverse(records),
    ...diagnoseCodebooks(records, codebooksOf(model), remedies),
    ...others.filter(({ finding }) => !(won && finding === "exploding-gradients")),
  ];
}

/** The codebooks of a model whose codes are symbols, by the names of their metrics. */
function codebooksOf(model: Model): readonly ExaminedCodebook[] {
  const latents = symbolLatents(model);
  return latents.map(({ name, symbols }) => ({ name, size: symbols, suffix: useSuffix(latents, name) }));
}

/** Fewer examples say little about what samples cover. */
const fewestForVariety = 50;

/** Samples of a generator beside as many examples x, in their own values. */
async function varietyOf(trained: TrainedModel, examined: Split, x: Float32Array): Promise<Variety | undefined> {
  const count = examined.indices.length;
  if (!trained.model.discriminate || lacking(trained.model, ["sample"]) || count < fewestForVariety) return undefined;
  const samples = await forExamples(trained, examined).sample(count);
  const dim = sizeOf(trained.shape);
  const toNearest = (rows: Float32Array): number =>
    median(Array.from(nearestNeighbors(rows, rows, dim, 1).squaredDistances, Math.sqrt));
  const between = toNearest(x);
  // Of data that repeat themselves nothing can be said.
  if (between === 0) return undefined;
  const allEqual = samples.every((v, i) => v === samples[i % dim]);
  const { coverage } = allEqual ? { coverage: 0 } : fidelity(x, samples, dim);
  return { count, coverage, spread: toNearest(samples) / between };
}

/** The mean rate of each latent dimension, where a model has rates by dimension. */
async function ratesOf(
  trained: TrainedModel,
  split: Split,
  binarize: Binarization,
): Promise<readonly number[] | undefined> {
  if (lacking(trained.model, ["encode", "vector"])) return undefined;
  const { units, rate } = unitReport(await trained.codes(split, { binarize }), trained.latentDim);
  return rate === undefined ? undefined : units.map((unit) => unit.rate!);
}
