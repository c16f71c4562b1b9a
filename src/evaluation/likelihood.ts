import { Batches } from "../data/batches.ts";
import type { Binarization } from "../data/binarize.ts";
import type { Split } from "../data/split.ts";
import { DataError, UnsupportedOpError } from "../errors.ts";
import { sizeOf } from "../graph/shape.ts";
import { Input } from "../graph/tensor.ts";
import { boundSizes, ImportanceBounds } from "../metrics/importance-bounds.ts";
import type { Model } from "../models/model.ts";
import { Program } from "../runtime/program.ts";
import type { VariableStore } from "../runtime/variables.ts";

/** Negative log-likelihood by importance sampling, in nats per example: means over the examples. */
export interface LikelihoodFigures {
  readonly examples: number;
  /** Draws of z an example. */
  readonly samples: number;
  /** -L_samples: an upper bound on -log p(x) in expectation (arXiv:1509.00519, eq. 8). */
  readonly nll: number;
  /** Of `nll`, over the examples. */
  readonly standardError: number;
  /** -L_k for several k from the same draws; it falls with k. */
  readonly curve: readonly { readonly samples: number; readonly nll: number }[];
}

/** Values that p(x|z) is computed for at a time: what a row of activations takes then stays near the cores. */
const valuesPerRun = 250_000;
/** Draws at a time for each example, where there are so many: encoding it again for each chunk then costs little. */
const draws = 100;

/**
 * The importance-weighted bound of a model over a split, compiled once: chunks of draws for a few examples at a time, so
 * that their number costs no memory. Binarized data is drawn by the fixed evaluation stream, and z by a stream keyed by (seed,
 * batch, chunk). Throws UnsupportedOpError where the model has no importance weights.
 */
export class LikelihoodEvaluator {
  readonly #program: Program;
  readonly #batches: Batches;
  readonly #chunk: number;
  readonly #samples: number;
  readonly #seed: number;
  readonly #inputs: { readonly x: Float32Array; readonly label?: BigInt64Array };

  constructor(options: {
    readonly model: Model;
    readonly store: VariableStore;
    readonly split: Split;
    readonly binarize: Binarization;
    readonly samples: number;
    readonly seed?: number;
  }) {
    const { model, store, split, binarize, samples, seed = 0 } = options;
    const { shape } = split.dataset;
    this.#samples = samples;
    this.#seed = seed;
    this.#chunk = Math.min(samples, draws, Math.max(1, Math.floor(valuesPerRun / sizeOf(shape))));
    const size = Math.min(split.indices.length, Math.max(1, Math.floor(valuesPerRun / (this.#chunk * sizeOf(shape)))));
    const { classes } = model;
    const labelled = classes !== undefined && { classes };
    this.#batches = new Batches(split, { batchSize: size, purpose: "evaluation", binarize, ...labelled });
    this.#inputs = {
      x: new Float32Array(size * this.#batches.exampleSize),
      ...(labelled && { label: new BigInt64Array(size) }),
    };
    const given = labelled && model.given ? model.given(new Input("label", [size], "int64")) : model;
    if (!given.logWeights)
      throw new UnsupportedOpError(
        "evaluate: the model has no importance weights, got none, expected a model with a posterior to draw from",
      );
    const logWeights = given.logWeights(new Input("x", [size, ...shape]), this.#chunk);
    this.#program = new Program(store, { name: "likelihood", outputs: new Map([["logWeights", logWeights]]) });
  }

  /** L_1, ..., L_samples of each example, for the sizes of `boundSizes`: a batch of examples at a time, in their order. */
  async *bounds(): AsyncGenerator<readonly (readonly number[])[]> {
    const sizes = boundSizes(this.#samples);
    for (const cursor of this.#batches.epoch()) {
      const count = this.#batches.fillExamples(this.#inputs.x, cursor);
      if (this.#inputs.label) this.#batches.fillLabels(this.#inputs.label, cursor);
      yield await this.#boundsOf(count, cursor.index, sizes);
    }
  }

  /** Yields the number of examples done so far; returns the figures. */
  async *run(): AsyncGenerator<number, LikelihoodFigures> {
    const sizes = boundSizes(this.#samples);
    const totals = sizes.map(() => 0);
    const nlls: number[] = [];
    for await (const batch of this.bounds()) {
      for (const bounds of batch) {
        const nll = -bounds.at(-1)!;
        if (!Number.isFinite(nll))
          throw new DataError(
            `evaluate: a likelihood is not finite, got a negative log-likelihood of ${nll} for example ${nlls.length}, ` +
              "expected a number; the model gives it no probability",
          );
        bounds.forEach((bound, k) => (totals[k]! += bound));
        nlls.push(nll);
      }
      yield nlls.length;
    }
    const n = nlls.length;
    const curve = sizes.map((samples, k) => ({ samples, nll: -totals[k]! / n }));
    const { nll } = curve.at(-1)!;
    const squares = nlls.reduce((sum, each) => sum + (each - nll) ** 2, 0);
    const standardError = Math.sqrt(squares / n / Math.max(1, n - 1));
    return { examples: n, samples: this.#samples, nll, standardError, curve };
  }

  release(): Promise<void> {
    return this.#program.release();
  }

  /** The bounds of `count` examples of a batch. */
  async #boundsOf(count: number, batch: number, sizes: readonly number[]): Promise<number[][]> {
    const bounds = Array.from({ length: count }, () => new ImportanceBounds(sizes));
    const chunks = Math.ceil(this.#samples / this.#chunk);
    const rows = this.#inputs.x.length / this.#batches.exampleSize;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const { logWeights } = await this.#program.run({
        inputs: this.#inputs,
        outputs: ["logWeights"],
        seed: this.#seed,
        step: batch * chunks + chunk,
      });
      const used = Math.min(this.#chunk, this.#samples - chunk * this.#chunk);
      bounds.forEach((bound, i) => {
        for (let k = 0; k < used; k++) bound.add(Number(logWeights![k * rows + i]));
      });
    }
    return bounds.map((b) => b.bounds);
  }
}
