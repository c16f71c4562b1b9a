import type { SplitName } from "../../data/split.ts";
import type { Shown } from "../../evaluation/samples/shown-samples.ts";

/** What is to be evaluated of a run. */
export interface EvaluationRequest {
  readonly split: SplitName;
  /** Number of examples, drawn at random; by default all. */
  readonly count?: number;
  /** Samples of z per example, for estimates of the likelihood (500; 16 of noise between levels). */
  readonly samples?: number;
  readonly seed: number;
  /** Names of metrics; by default those without generated examples that the run has the capabilities for. */
  readonly metrics?: readonly string[];
  /** Whether named metrics that the run lacks the capabilities for are refused, or left out (refuse). */
  readonly lacking?: "refuse" | "leave out";
  /** Number of generated examples (10,000). */
  readonly generated?: number;
  /** Whether they are samples of p(x|z) or its means (means for images, samples for all else). */
  readonly show?: Shown | undefined;
  /** Their priors: densities of codes, or "own"; by default own for a model with p(z), else full-gaussian and gmm:10. */
  readonly priors?: readonly string[];
  /** Options of the model's own sampler, which samples of the prior "own" are made with: `{ steps: 8, solver: "ddim" }`. */
  readonly sampler?: Readonly<Record<string, unknown>>;
  /** The feature extractor: see openExtractor. */
  readonly extractor?: string;
  /** Called with the progress of training an extractor, in steps. */
  readonly onExtractorTraining?: (step: number, steps: number) => void;
}
