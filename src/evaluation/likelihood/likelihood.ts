import type { Binarization } from "../../data/binarize.ts";
import type { Split } from "../../data/split.ts";
import { DataError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { boundSizes, ImportanceBounds } from "../../metrics/importance-bounds.ts";
import type { Model } from "../../models/model.ts";
import type { Context } from "../../nn/context.ts";
import { requireCapabilities } from "../capabilities.ts";
import { type SplitBatch, SplitProgram } from "../map-split.ts";
import { LoopedDensity } from "./looped-density.ts";
import type { ModelOnDevice } from "../model-on-device.ts";

/** Negative log-likelihood by importance sampling, in nats per example: means over the examples. */
export interface LikelihoodEstimate {
  readonly examples: number;
  /** Samples of z for each example. */
  readonly samples: number;
  /** -L_samples: an upper bound on -log p(x) in expectation (arXiv:1509.00519, eq. 8). */
  readonly nll: number;
  /** Of `nll`, over the examples. */
  readonly standardError: number;
  /** -L_samples and -L_1 of each example, in their order. */
  readonly nlls: Float64Array;
  readonly negElbos: Float64Array;
  /** -L_k for several k from the same samples; it falls with k. */
  readonly curve: readonly { readonly samples: number; readonly nll: number }[];
}

/** How log p(x) was found, for a reader. */
export function likelihoodNote(model: Model, samples: number): string {
  if (model.logProb) return "exact";
  const of = model.dequantization ? "noise between levels" : "z";
  return model.density?.note ?? `${samples} sample${samples === 1 ? "" : "s"} of ${of} per example`;
}

/**
 * Samples of each example unless someone says how many: noise between levels goes through all of a flow, and its bound is within hundredths of a bit
 * of its limit at a few.
 */
export const usualSamples = ({ dequantization }: Model): number => (dequantization ? 16 : 500);

/** Values that p(x|z) is computed for at a time: what a row of activations takes then stays near the cores. */
const valuesPerRun = 250_000;
/** Examples at a time of a model with a loop, whose activations are large. */
const densityExamples = 64;
/** Samples at a time for each example, where there are so many: encoding it again for each chunk then costs little. */
const samplesPerRun = 100;

/**
 * The importance-weighted bound of a model over a split, or log p(x) itself where the model has it: chunks of samples for a few examples
 * at a time, so that their number costs no memory. Binarized data is sampled by the fixed evaluation stream, and z by a stream keyed by
 * (seed, batch, chunk). Throws UnsupportedOpError where the model has no likelihood.
 *
 * @example
 * const data = await digitsSource({ size: 500 });
 * const { trained } = await train(vae({ latentDim: 2 }), data, { steps: 20 });
 * const progress = new LikelihoodEvaluator(trained, { split: data.test, binarize: "dynamic", samples: 50 }).run();
 * let next = await progress.next();
 * while (!next.done) next = await progress.next();
 * console.log(next.value.nll, "nats per example");
 * await trained.release();
 */
export class LikelihoodEvaluator {
  readonly #over: SplitProgram | undefined;
  readonly #loop: LoopedDensity | undefined;
  readonly #chunk: number;
  readonly #samples: number;
  readonly #seed: number;

  constructor(
    trained: ModelOnDevice,
    options: {
      readonly split: Split;
      readonly binarize: Binarization;
      readonly samples: number;
      readonly seed?: number;
    },
  ) {
    const { split, binarize, seed = 0 } = options;
    const { model } = trained;
    // log p(x) itself needs no samples of z.
    const samples = model.logProb || model.density ? 1 : options.samples;
    requireCapabilities(model, ["likelihood"], { where: "evaluate" });
    const size = sizeOf(split.dataset.shape);
    this.#samples = samples;
    this.#seed = seed;
    this.#chunk = Math.min(samples, samplesPerRun, Math.max(1, Math.floor(valuesPerRun / size)));
    const batchSize = Math.max(1, Math.floor(valuesPerRun / (this.#chunk * size)));
    const chunk = this.#chunk;
    if (!model.logProb && model.density) {
      const size = Math.min(batchSize, densityExamples);
      this.#loop = new LoopedDensity(trained, model.density, { split, binarize, batchSize: size, seed });
      return;
    }
    this.#over = new SplitProgram(
      trained,
      { split, binarize, batchSize, key: `likelihood ${chunk}`, program: "likelihood" },
      (x, context) => ({ logWeights: logWeightsOf(model, x, chunk, context) }),
    );
  }

  /** L_1, ..., L_samples of each example, for the sizes of `boundSizes`: a batch of examples at a time, in their order. */
  async *bounds(): AsyncGenerator<readonly (readonly number[])[]> {
    if (this.#loop) for await (const logProbs of this.#loop.run()) yield logProbs.map((logProb) => [logProb]);
    const sizes = boundSizes(this.#samples);
    const over = this.#over;
    if (over) for await (const batch of over.run()) yield await this.#boundsOf(batch, sizes, over.size);
  }

  /** Yields the number of examples done so far; returns the estimate. */
  async *run(): AsyncGenerator<number, LikelihoodEstimate> {
    const sizes = boundSizes(this.#samples);
    const totals = sizes.map(() => 0);
    const nlls: number[] = [];
    const negElbos: number[] = [];
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
        negElbos.push(-bounds[0]!);
      }
      yield nlls.length;
    }
    const n = nlls.length;
    const curve = sizes.map((samples, k) => ({ samples, nll: -totals[k]! / n }));
    const { nll } = curve.at(-1)!;
    const squares = nlls.reduce((sum, each) => sum + (each - nll) ** 2, 0);
    const standardError = Math.sqrt(squares / n / Math.max(1, n - 1));
    return {
      examples: n,
      samples: this.#samples,
      nll,
      standardError,
      nlls: Float64Array.from(nlls),
      negElbos: Float64Array.from(negElbos),
      curve,
    };
  }

  async #boundsOf({ count, index, compute }: SplitBatch, sizes: readonly number[], rows: number): Promise<number[][]> {
    const bounds = Array.from({ length: count }, () => new ImportanceBounds(sizes));
    const chunks = Math.ceil(this.#samples / this.#chunk);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const { logWeights } = await compute({ seed: this.#seed, step: index * chunks + chunk });
      const used = Math.min(this.#chunk, this.#samples - chunk * this.#chunk);
      bounds.forEach((bound, i) => {
        for (let k = 0; k < used; k++) bound.add(Number(logWeights![k * rows + i]));
      });
    }
    return bounds.map((b) => b.bounds);
  }
}

/** log p(x, z) - log q(z|x), [samples, batch]; log p(x) itself where that is known: p(x, z) / p(z|x) is p(x). */
function logWeightsOf(model: Model, x: Tensor, samples: number, context: Context): Tensor {
  if (model.logProb) return model.logProb(x, context).broadcastTo([samples, x.shape[0]!]);
  return model.logWeights!(x, samples, context);
}
