import type { Binarization } from "../../data/binarize.ts";
import type { DataSource, Split } from "../../data/split.ts";
import { DivergedError } from "../../errors.ts";
import { SampleDistance } from "../../evaluation/samples/sample-distance.ts";
import type { TrainedModel } from "../../evaluation/trained-model.ts";
import { type ValidationMetrics, validationMetrics } from "../../evaluation/validation-metrics.ts";
import type { OpenSelection } from "./select-by.ts";

/** Validates the weights of a run: by metrics of its model's own, by the distance of its samples, or by both, the first of which selects. */
export class Validator {
  readonly #trained: TrainedModel;
  readonly #source: DataSource;
  readonly #binarize: Binarization;
  readonly #distance: SampleDistance | undefined;

  constructor(
    trained: TrainedModel,
    options: {
      readonly source: DataSource;
      readonly binarize: Binarization;
      readonly selection: OpenSelection | undefined;
      readonly seed: number;
    },
  ) {
    const { source, binarize, selection, seed } = options;
    this.#trained = trained;
    this.#source = source;
    this.#binarize = binarize;
    this.#distance = selection && new SampleDistance(trained, { ...selection, seed });
  }

  /** Whether there is something to validate by, and examples to do so. */
  get validates(): boolean {
    return this.#measures && this.#source.validation.indices.length > 0;
  }

  get #measures(): boolean {
    return this.#distance !== undefined || this.#trained.model.validation !== undefined;
  }

  /** Of the weights after a step. Throws DivergedError for a metric that is not finite. */
  validation(step: number): Promise<ValidationMetrics> {
    return this.#measure(this.#source.validation, step, 0);
  }

  /** The same on the test split, by other samples than those that selected; nothing where there are no examples. */
  async test(step: number): Promise<ValidationMetrics> {
    const { test } = this.#source;
    return this.#measures && test.indices.length > 0 ? this.#measure(test, step, this.#distance?.next ?? 0) : {};
  }

  async release(): Promise<void> {
    await this.#distance?.release();
  }

  async #measure(split: Split, step: number, first: number): Promise<ValidationMetrics> {
    const trained = this.#trained;
    const results = {
      ...(await this.#distance?.to(split, { first })),
      ...(trained.model.validation && (await validationMetrics(trained, { split, binarize: this.#binarize }))),
    };
    for (const [name, value] of Object.entries(results)) if (!Number.isFinite(value)) throw diverged(step, name, value);
    return results;
  }
}

export const diverged = (step: number, name: string, value: number): DivergedError =>
  new DivergedError(
    step,
    name,
    value,
    `train: ${name} is not finite after step ${step}, got ${value}, expected numbers; try a lower --learning-rate, or --clip-norm 1`,
  );
