import { findNamed, synonyms } from "../../nearest-name.ts";
import { activeUnitsMetric } from "./active-units.ts";
import { annealingMetric } from "./annealing.ts";
import { bitsPerDimensionMetric } from "./bits-per-dimension.ts";
import { disentanglementMetric } from "./disentanglement.ts";
import { classAccuracyMetric } from "./class-accuracy.ts";
import { classErrorMetric } from "./class-error.ts";
import { codebookMetric } from "./codebook.ts";
import { codeDiscrepancyMetric } from "./code-discrepancy.ts";
import { frechetMetric } from "./frechet.ts";
import { frechetReconstructionMetric } from "./frechet-reconstruction.ts";
import { classBalanceMetric } from "./class-balance.ts";
import { inceptionScoreMetric } from "./inception-score.ts";
import { kidMetric } from "./kid.ts";
import { levelsMetric } from "./levels.ts";
import { likelihoodMetric } from "./likelihood.ts";
import type { Metric } from "./metric.ts";
import { memorizationMetric } from "./memorization.ts";
import { mutualInformationGapMetric } from "./mutual-information-gap.ts";
import { parzenMetric } from "./parzen.ts";
import { precisionRecallMetric } from "./precision-recall.ts";
import { rateMetric } from "./rate.ts";
import { reconstructionMetric } from "./reconstruction.ts";
import { tableQualityMetric } from "./table-quality.ts";
import { validationMetric } from "./validation.ts";
import { totalVariationMetric } from "./total-variation.ts";
import { densityMetric, modesMetric } from "./toys.ts";
import { variationalBoundMetric } from "./variational-bound.ts";
import { classifierTwoSampleMetric, mmdMetric } from "./two-sample.ts";

/** Every metric of `evaluate`, in the order of the results. */
export const metrics: readonly Metric[] = [
  validationMetric,
  likelihoodMetric,
  annealingMetric,
  bitsPerDimensionMetric,
  variationalBoundMetric,
  parzenMetric,
  activeUnitsMetric,
  rateMetric,
  levelsMetric,
  codebookMetric,
  codeDiscrepancyMetric,
  classErrorMetric,
  mutualInformationGapMetric,
  disentanglementMetric,
  totalVariationMetric,
  tableQualityMetric,
  frechetMetric,
  kidMetric,
  inceptionScoreMetric,
  classBalanceMetric,
  classAccuracyMetric,
  frechetReconstructionMetric,
  precisionRecallMetric,
  mmdMetric,
  classifierTwoSampleMetric,
  memorizationMetric,
  reconstructionMetric,
  densityMetric,
  modesMetric,
];

/** The metric of a name, or of one that is usual elsewhere, such as fid. Throws ConfigError naming all there are, and the nearest. */
export const findMetric = (name: string): Metric =>
  metrics.find((metric) => metric.name === synonyms[name]) ?? findNamed("--metrics", "metric", name, metrics);
