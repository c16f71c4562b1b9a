import { type BatchArrays, Batches } from "../data/batches.ts";
import type { Binarization } from "../data/binarize.ts";
import { fieldsOf } from "../data/fields.ts";
import type { Split } from "../data/split.ts";
import { Input, type Tensor } from "../graph/tensor.ts";
import { type Conditioned, conditionOf, dataFields, requiredFields } from "../models/conditioning.ts";
import type { FieldSpec } from "../models/model.ts";
import { conditioned, type Context, evaluation } from "../nn/context.ts";
import type { HostArray } from "../runtime/host-array.ts";
import type { Program } from "../runtime/program.ts";
import { batchInputs, fieldInputs } from "../training/batch-inputs.ts";
import type { ModelOnDevice } from "./model-on-device.ts";

export interface SplitOptions {
  readonly split: Split;
  readonly binarize?: Binarization;
  /** Examples a run of the graph, at most. */
  readonly batchSize?: number;
  /** The graph is compiled once by this key and the batch size. */
  readonly key: string;
  /** Keys the noise; `codes` when missing. */
  readonly program?: string;
}

/** A batch of a split on its way through a graph. */
export interface SplitBatch {
  readonly index: number;
  /** The place of its first example in the split, and how many there are. */
  readonly first: number;
  readonly count: number;
  readonly arrays: BatchArrays;
  /** The graph's outputs for the batch; rows beyond the `count` of a short last one are padding. */
  readonly compute: (options?: {
    readonly inputs?: Readonly<Record<string, HostArray>>;
    readonly outputs?: readonly string[];
    readonly seed?: number;
    readonly step?: number;
  }) => Promise<Readonly<Record<string, HostArray>>>;
}

/** The fields of the data that a model is given of its examples: all that it needs, and of the others those that there are. */
export function conditionFields({ model }: { readonly model: Conditioned }, { dataset }: Split): readonly FieldSpec[] {
  const known = fieldsOf(dataset);
  const needed = requiredFields(model);
  return dataFields(model).filter((field) => known[field.name] || needed.includes(field));
}

/** The context of a graph of examples x, each with its own condition: these fields, and what follows from x. */
export const ownContext = (
  { model }: Pick<ModelOnDevice, "model">,
  fields: readonly FieldSpec[],
  x: Tensor,
): Context => {
  const condition = conditionOf(model, fieldInputs(fields, x.shape[0]!), x);
  return Object.keys(condition).length === 0 ? evaluation : conditioned(evaluation, condition);
};

/**
 * One graph over the examples of a split in file order, a batch at a time, so that they are never in memory together: the loop of
 * everything that is computed of data. The model is given each example's own condition, and its EMA weights are read where it has them.
 */
export class SplitProgram {
  readonly batches: Batches;
  /** Examples of a batch. */
  readonly size: number;
  readonly program: Program;

  /** `build` says what is computed of a batch x [batch, ...shape]. */
  constructor(
    trained: ModelOnDevice,
    { split, binarize = "none", batchSize = 250, key, program = "codes" }: SplitOptions,
    build: (x: Tensor, context: Context) => Readonly<Record<string, Tensor>>,
  ) {
    this.size = Math.min(batchSize, split.indices.length);
    const fields = conditionFields(trained, split);
    this.batches = new Batches(split, { batchSize: this.size, purpose: "evaluation", binarize, fields });
    const { size } = this;
    this.program = trained.program(`${key} ${size} ${fields.map(({ name }) => name).join()}`, () => {
      const x = new Input("x", [size, ...split.dataset.shape]);
      const built = build(x, ownContext(trained, fields, x));
      return { name: program, outputs: new Map(Object.entries(built)) };
    });
  }

  /** Every batch once, in order. */
  async *run(): AsyncGenerator<SplitBatch> {
    const arrays = this.batches.allocate();
    for (const cursor of this.batches.epoch()) {
      const count = this.batches.fill(arrays, cursor);
      yield {
        index: cursor.index,
        first: cursor.index * this.size,
        count,
        arrays,
        compute: ({ inputs = {}, outputs = this.program.outputs, seed = 0, step = cursor.index } = {}) =>
          this.program.run({ inputs: { ...batchInputs(arrays), ...inputs }, outputs, seed, step }),
      };
    }
  }
}

/**
 * Tensors of every example of a split, [examples, ...] each by name; `build` says which.
 *
 * @example
 * const data = await digitsSource({ size: 500 });
 * const { trained } = await train(vae({ latentDim: 2 }), data, { steps: 20 });
 * const { elbo } = await mapSplit(trained, { split: data.test, key: "elbo" }, (x, context) => ({
 *   elbo: trained.model.elbo!(x, context).elbo,
 * }));
 * elbo.length; // 50
 * await trained.release();
 */
export async function mapSplit<T extends Readonly<Record<string, Tensor>>>(
  trained: ModelOnDevice,
  { seed = 0, ...options }: SplitOptions & { readonly seed?: number },
  build: (x: Tensor, context: Context) => T,
): Promise<{ readonly [Name in keyof T]: Float32Array }> {
  const over = new SplitProgram(trained, options, build);
  const examples = options.split.indices.length;
  const all = over.program.outputs.map((name) => {
    const width = over.program.output(name).size / over.size;
    return { name, width, values: new Float32Array(examples * width) };
  });
  for await (const { first, count, compute } of over.run()) {
    const found = await compute({ seed });
    for (const { name, width, values } of all) {
      const rows = found[name]!;
      if (rows instanceof Float32Array) values.set(rows.subarray(0, count * width), first * width);
      else for (let i = 0; i < count * width; i++) values[first * width + i] = Number(rows[i]);
    }
  }
  // The same names as `build` gives.
  return Object.fromEntries(all.map(({ name, values }) => [name, values])) as { [Name in keyof T]: Float32Array };
}
