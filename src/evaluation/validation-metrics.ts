import { Batches } from "../data/batches.ts";
import type { Binarization } from "../data/binarize.ts";
import type { Split } from "../data/split.ts";
import { UnsupportedOpError } from "../errors.ts";
import { Input, type Variable } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";
import { Program } from "../runtime/program.ts";
import type { VariableStore } from "../runtime/variables.ts";

/** Means over the examples of a split of what the model's `scores` names, in its order: lower is better. */
export type Scores = Readonly<Record<string, number>>;

/**
 * A model's scores over a split, compiled once. Binarized data is drawn by the fixed evaluation stream, and the model's own
 * draws by a stream of theirs, so a figure depends on the weights alone.
 */
export class ScoreEvaluator {
  readonly #program: Program;
  readonly #names: readonly string[];
  readonly #batches: Batches;
  readonly #x: Float32Array;
  readonly #label: BigInt64Array | undefined;

  constructor(options: {
    readonly model: Model;
    readonly store: VariableStore;
    readonly split: Split;
    readonly binarize: Binarization;
    readonly batchSize?: number;
    readonly readInstead?: ReadonlyMap<Variable, Variable>;
  }) {
    const { model, store, split, binarize, batchSize = 500, readInstead } = options;
    if (!model.scores)
      throw new UnsupportedOpError(
        "evaluate: the model does not score examples, got none of its figures, expected a model that has some",
      );
    const size = Math.min(batchSize, split.indices.length);
    const { classes } = model;
    const labelled = classes !== undefined && { classes };
    this.#batches = new Batches(split, { batchSize: size, purpose: "evaluation", binarize, ...labelled });
    this.#x = new Float32Array(size * this.#batches.exampleSize);
    this.#label = labelled ? new BigInt64Array(size) : undefined;
    const x = new Input("x", [size, ...split.dataset.shape]);
    const scores = labelled ? model.scores(x, new Input("label", [size], "int64")) : model.scores(x);
    const outputs = new Map(Object.entries(scores));
    this.#names = [...outputs.keys()];
    this.#program = new Program(store, { name: "evaluate", outputs, ...(readInstead && { readInstead }) });
  }

  async run(): Promise<Scores> {
    const sums = this.#names.map(() => 0);
    for (const cursor of this.#batches.epoch()) {
      // The last batch may be short: what is left in the rows behind it is computed and not counted.
      const count = this.#batches.fillExamples(this.#x, cursor);
      if (this.#label) this.#batches.fillLabels(this.#label, cursor);
      const inputs = { x: this.#x, ...(this.#label && { label: this.#label }) };
      const found = await this.#program.run({ inputs, outputs: this.#names, step: cursor.index });
      this.#names.forEach((name, k) => {
        const scores = found[name]!;
        for (let i = 0; i < count; i++) sums[k]! += Number(scores[i]);
      });
    }
    const n = this.#batches.split.indices.length;
    return Object.fromEntries(this.#names.map((name, k) => [name, sums[k]! / n]));
  }

  release(): Promise<void> {
    return this.#program.release();
  }
}
