import type { TrainingSettings } from "../training/settings.ts";

/** Figures a table reports: lower-is-better `nll` in nats per example, and how many latent units are active. */
export interface ReproducedFigures {
  readonly nll: number;
  /** As the paper writes them: 16 + 5 are those of two layers. */
  readonly activeUnits: string;
}

/** One line of a published table: a model of the registry, its settings, and what the paper reports. */
export interface ReproductionRow {
  readonly name: string;
  readonly title: string;
  readonly model: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly theirs: ReproducedFigures;
}

/** A published table that can be run again. */
export interface Reproduction {
  readonly name: string;
  readonly title: string;
  readonly paper: string;
  /** What --data has to be. */
  readonly data: string;
  /** How each row is trained, unless told otherwise. */
  readonly training: Partial<TrainingSettings>;
  /** Draws an example of the likelihood's estimate. */
  readonly samples: number;
  /** What is not as it was in the paper. */
  readonly differences: readonly string[];
  readonly rows: readonly ReproductionRow[];
}
