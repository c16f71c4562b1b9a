import type { DataSource } from "../../data/split.ts";
import { ConfigError } from "../../errors.ts";
import {
  type Comparison,
  comparisonCost,
  comparisonFor,
  type FoundComparison,
  isSampleDistance,
  samplingCost,
} from "../../evaluation/samples/sample-distance.ts";
import type { Extractor } from "../../evaluation/extractors/extractor.ts";
import type { Model } from "../../models/model.ts";
import type { TrainingSettings } from "../../training/settings.ts";
import { epochsApart, epochsFor } from "../../training/validation-schedule.ts";
import { samplesPictured } from "../pictures/training-pictures.ts";
import type { Platform } from "../platform.ts";
import type { RunInfo } from "../run-info.ts";

/** What is settled before a run begins, and kept in its settings. */
type Settled = Partial<Pick<TrainingSettings, "selectBy" | "validateEvery" | "picturesEvery">>;

/** Sample grids of a run at most, about, where nobody says how many. */
const usualPictures = 40;
/** What drawing and packing one costs, in training steps of one example. */
const pictureCost = 1250;

interface Length {
  /** Of the whole run. */
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/**
 * How the best weights of a run are selected, and how often it is looked at: by distances of samples where the model has no metrics of its own, as often
 * as about a tenth of the time allows. What stands against any is a warning. Throws ConfigError for a distance that is asked for by name and that
 * the model or the data do not have, and for patience with nothing to select by.
 */
export function settleSelection(
  model: Model,
  source: DataSource,
  { settings, epochs, stepsPerEpoch }: Length & { readonly settings: TrainingSettings },
): { readonly settled: Settled; readonly warnings: readonly string[] } {
  const { selectBy, validateEvery, picturesEvery, patience } = settings;
  const { length: examples } = source.train.indices;
  // What is solved has one set of weights.
  const unjudged = !model.validation && !model.solve;
  const asked = isSampleDistance(selectBy) ? selectBy : selectBy === "auto" && unjudged ? selectBy : undefined;
  const { comparison, lacking } = asked ? comparisonFor(model, source, asked) : {};
  if (lacking && asked !== "auto") throw noDistance(asked!, lacking);
  const validates = comparison ?? (model.validation && source.validation.indices.length > 0);
  if (patience && !validates) {
    const { got, expected } = model.validation
      ? { got: "no validation examples", expected: "some" }
      : (lacking ?? { got: "a model that reports none", expected: "one that does, or --select-by" });
    throw new ConfigError(`--patience: nothing to validate by, got ${got}, expected ${expected}; leave it out`);
  }
  const settled: Settled = {
    ...(lacking && { selectBy: "none" }),
    ...(comparison && {
      selectBy: comparison.distance,
      validateEvery:
        validateEvery ?? Math.max(epochsApart(stepsPerEpoch), epochsFor(comparisonCost(model, comparison), examples)),
    }),
    ...(picturesEvery === undefined &&
      unjudged &&
      samplesPictured(model, source) > 0 && {
        picturesEvery: Math.max(
          epochsFor(samplingCost(model, samplesPictured(model, source)) + pictureCost, examples),
          Math.ceil(epochs / usualPictures),
        ),
      }),
  };
  return { settled, warnings: lacking ? [`nothing selects the best weights: got ${gotOf(lacking)}`] : [] };
}

const gotOf = ({ got, expected }: NonNullable<FoundComparison["lacking"]>): string => `${got}, expected ${expected}`;

const noDistance = (asked: string, lacking: NonNullable<FoundComparison["lacking"]>): ConfigError =>
  new ConfigError(`--select-by: no ${asked} of samples and validation examples, got ${gotOf(lacking)}`);

/** What distances of samples need, opened. */
export interface OpenSelection {
  readonly comparison: Comparison;
  readonly extractor: Extractor;
}

/** Opens what a run's settled settings select by; nothing where that is no distance of samples. */
export async function openSelection(
  platform: Platform,
  model: Model,
  {
    source,
    settings: { selectBy },
    onExtractorTraining,
  }: {
    readonly source: DataSource;
    readonly settings: TrainingSettings;
    readonly onExtractorTraining?: ((step: number, steps: number) => void) | undefined;
  },
): Promise<OpenSelection | undefined> {
  if (!isSampleDistance(selectBy)) return undefined;
  const { comparison, lacking } = comparisonFor(model, source, selectBy);
  if (lacking) throw noDistance(selectBy, lacking);
  const extractor = await platform.openExtractor(source, {
    spec: comparison.extractor,
    onTraining: onExtractorTraining,
  });
  return { comparison, extractor };
}

/** What a run's record says of it. */
export const selectionInfo = ({ comparison, extractor }: OpenSelection): NonNullable<RunInfo["selection"]> => ({
  distance: comparison.distance,
  features: extractor.name,
  samples: comparison.samples,
  examples: comparison.examples,
});
