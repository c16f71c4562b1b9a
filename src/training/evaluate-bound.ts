import { Batches } from "../data/batches.ts";
import type { Binarization } from "../data/binarize.ts";
import type { Split } from "../data/split.ts";
import { UnsupportedOpError } from "../errors.ts";
import { Input, type Variable } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";
import { Program } from "../runtime/program.ts";
import type { VariableStore } from "../runtime/variables.ts";

/** Means over a split, in nats per example: negElbo = rate + distortion. */
export interface BoundFigures {
  readonly negElbo: number;
  readonly rate: number;
  readonly distortion: number;
}

/**
 * The negative evidence lower bound over a split, one draw of z an example, compiled once. Binarized data is drawn by the
 * fixed evaluation stream, and z by a stream of its own, so a figure depends on the weights alone.
 */
export class BoundEvaluator {
  readonly #program: Program;
  readonly #batches: Batches;
  readonly #x: Float32Array;

  constructor(options: {
    readonly model: Model;
    readonly store: VariableStore;
    readonly split: Split;
    readonly binarize: Binarization;
    readonly batchSize?: number;
    readonly readInstead?: ReadonlyMap<Variable, Variable>;
  }) {
    const { model, store, split, binarize, batchSize = 500, readInstead } = options;
    if (!model.bound)
      throw new UnsupportedOpError(
        "evaluate: the model has no bound on its likelihood, got none, expected a model that has one",
      );
    const size = Math.min(batchSize, split.indices.length);
    this.#batches = new Batches(split, { batchSize: size, purpose: "evaluation", binarize });
    this.#x = new Float32Array(size * this.#batches.exampleSize);
    const x = new Input("x", [size, ...split.dataset.shape]);
    const { rate, distortion } = model.bound(x);
    this.#program = new Program(store, {
      name: "evaluate",
      outputs: new Map([
        ["rate", rate],
        ["distortion", distortion],
      ]),
      ...(readInstead && { readInstead }),
    });
  }

  async run(): Promise<BoundFigures> {
    let rate = 0;
    let distortion = 0;
    for (const cursor of this.#batches.epoch()) {
      // The last batch may be short: what is left in the rows behind it is computed and not counted.
      const count = this.#batches.fillExamples(this.#x, cursor);
      const found = await this.#program.run({
        inputs: { x: this.#x },
        outputs: ["rate", "distortion"],
        step: cursor.index,
      });
      for (let i = 0; i < count; i++) {
        rate += Number(found["rate"]![i]);
        distortion += Number(found["distortion"]![i]);
      }
    }
    const n = this.#batches.split.indices.length;
    return { negElbo: (rate + distortion) / n, rate: rate / n, distortion: distortion / n };
  }

  release(): Promise<void> {
    return this.#program.release();
  }
}
