import { findNamed } from "../../nearest-name.ts";
import { activeUnitsMeasure } from "./active-units.ts";
import { annealingMeasure } from "./annealing.ts";
import { bitsPerDimensionMeasure } from "./bits-per-dimension.ts";
import { disentanglementMeasure } from "./disentanglement.ts";
import { classAccuracyMeasure } from "./class-accuracy.ts";
import { frechetMeasure } from "./frechet.ts";
import { frechetReconstructionMeasure } from "./frechet-reconstruction.ts";
import { inceptionScoreMeasure } from "./inception-score.ts";
import { kidMeasure } from "./kid.ts";
import { likelihoodMeasure } from "./likelihood.ts";
import type { Measure } from "./metric.ts";
import { memorizationMeasure } from "./memorization.ts";
import { mutualInformationGapMeasure } from "./mutual-information-gap.ts";
import { parzenMeasure } from "./parzen.ts";
import { precisionRecallMeasure } from "./precision-recall.ts";
import { rateMeasure } from "./rate.ts";
import { reconstructionMeasure } from "./reconstruction.ts";
import { scoresMeasure } from "./validation.ts";
import { totalVariationMeasure } from "./total-variation.ts";
import { densityMeasure, modesMeasure } from "./toys.ts";
import { classifierTwoSampleMeasure, mmdMeasure } from "./two-sample.ts";

/** Everything that `evaluate` can measure, in the order it is shown in. */
export const measures: readonly Measure[] = [
  scoresMeasure,
  likelihoodMeasure,
  annealingMeasure,
  bitsPerDimensionMeasure,
  parzenMeasure,
  activeUnitsMeasure,
  rateMeasure,
  mutualInformationGapMeasure,
  disentanglementMeasure,
  totalVariationMeasure,
  frechetMeasure,
  kidMeasure,
  inceptionScoreMeasure,
  classAccuracyMeasure,
  frechetReconstructionMeasure,
  precisionRecallMeasure,
  mmdMeasure,
  classifierTwoSampleMeasure,
  memorizationMeasure,
  reconstructionMeasure,
  densityMeasure,
  modesMeasure,
];

/** The measure of a name. Throws ConfigError naming all there are, and the nearest. */
export const findMeasure = (name: string): Measure => findNamed("--metrics", "measure", name, measures);
