import { findNamed } from "../../nearest-name.ts";
import { activeUnitsMeasure } from "./active-units.ts";
import { frechetMeasure } from "./frechet.ts";
import { frechetReconstructionMeasure } from "./frechet-reconstruction.ts";
import { likelihoodMeasure } from "./likelihood.ts";
import type { Measure } from "./measure.ts";
import { mutualInformationGapMeasure } from "./mutual-information-gap.ts";
import { rateMeasure } from "./rate.ts";
import { scoresMeasure } from "./scores.ts";
import { totalVariationMeasure } from "./total-variation.ts";

/** Everything that `evaluate` can measure, in the order it is shown in. */
export const measures: readonly Measure[] = [
  scoresMeasure,
  likelihoodMeasure,
  activeUnitsMeasure,
  rateMeasure,
  mutualInformationGapMeasure,
  totalVariationMeasure,
  frechetMeasure,
  frechetReconstructionMeasure,
];

/** The measure of a name. Throws ConfigError naming all there are, and the nearest. */
export const findMeasure = (name: string): Measure => findNamed("--metrics", "measure", name, measures);
