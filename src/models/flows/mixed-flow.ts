import type { Bijector } from "../../bijectors/bijector.ts";
import { tempered } from "../../distributions/tempered.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { gather } from "../../ops/indexing.ts";
import { concat, reshape } from "../../ops/movement.ts";
import { mean } from "../../ops/reduction.ts";
import { MADE, type MADEConfig } from "../autoregressive/made.ts";
import type { Conditioning } from "../conditioning.ts";
import type { Batch, ColumnSpec, DataSpec, Model, Objective } from "../model.ts";
import { conditionVector } from "../parts/condition-vector.ts";
import { ancestralOptions, type AncestralOptions, type Sampler } from "../sampler.ts";
import { standardNormal } from "./flow.ts";

export interface MixedFlowParts {
  /** Of the numbers of a row, given its categories and what the model is conditioned on as one vector. */
  readonly bijector: Bijector;
  readonly categories: MADEConfig;
  readonly condition: Conditioning | undefined;
}

/**
 * A flow of the rows of a table with categories c and numbers x,
 *
 *   log p(c, x) = sum_j log p(c_j | c_<j) + log N(f(x; c); 0, I) + log |det df/dx|
 *
 * which is exact: a category has a probability, from a masked auto-encoder of all of them, and numbers have a density given the categories.
 */
export class MixedFlow implements Model {
  readonly categories: MADE;
  readonly bijector: Bijector;
  readonly condition?: Conditioning;
  readonly sampler: Sampler<Pick<AncestralOptions, "temperature">>;
  readonly #shape: Shape;
  /** Places of the numbers and of the categories in a row. */
  readonly #places: Readonly<Record<"numbers" | "categories", readonly number[]>>;

  constructor({ bijector, categories, condition }: MixedFlowParts, data: DataSpec) {
    const columns = data.columns!;
    this.#shape = data.shape;
    this.#places = placesOf(columns);
    const own = columns.filter(({ kind }) => kind === "category");
    this.categories = new MADE(categories, { ...data, shape: [this.#places.categories.length], columns: own });
    this.bijector = bijector;
    if (condition) this.condition = condition;
    const made = this.categories.sampler;
    const size = this.#places.numbers.length;
    this.sampler = {
      options: ancestralOptions.pick({ temperature: true }),
      schedule: () => made.schedule({}),
      start: (count, { temperature }, context) => ({
        ...made.start(count, {}, context),
        z: tempered(standardNormal([count, size]), temperature),
      }),
      step: (state, at, _, context) => ({ ...state, ...made.step!(state, at, {}, context) }),
      finish: (state, _, context) => {
        const c = made.finish(state, {}, context);
        return this.#joined(this.bijector.toData(state["z"]!, context, this.#given(c, context)), c);
      },
    };
  }

  logProb(x: Tensor, context: Context): Tensor {
    const rows = reshape(x, [x.shape[0]!, sizeOf(this.#shape)]);
    const c = gather(rows, int64(this.#places.categories), 1);
    const { z, logDet } = this.bijector.toLatent(
      gather(rows, int64(this.#places.numbers), 1),
      context,
      this.#given(c, context),
    );
    return this.categories.logProb(c, context).add(standardNormal(z.shape).logProb(z)).add(logDet);
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const nll = mean(this.logProb(x, contextOf("nll"))).neg();
    return [{ name: "nll", loss: nll, parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    return { nll: this.logProb(x, context).neg() };
  }

  /** The categories as vectors, and what the model is conditioned on. */
  #given(c: Tensor, context: Context): Tensor {
    return this.condition ? concat([c, conditionVector(this.condition.fields, context, c.shape[0]!)], 1) : c;
  }

  /** Rows of their numbers and categories. */
  #joined(numbers: Tensor, categories: Tensor): Tensor {
    const all = [...this.#places.numbers, ...this.#places.categories];
    const order = all.map((_, at) => all.indexOf(at));
    return reshape(gather(concat([numbers, categories], 1), int64(order), 1), [-1, ...this.#shape]);
  }
}

function placesOf(columns: readonly ColumnSpec[]): Readonly<Record<"numbers" | "categories", readonly number[]>> {
  const places = { numbers: [] as number[], categories: [] as number[] };
  let at = 0;
  for (const column of columns) {
    if (column.kind === "number") places.numbers.push(at++);
    else for (const _ of column.values) places.categories.push(at++);
  }
  return places;
}

const int64 = (numbers: readonly number[]): Tensor => constant([...numbers], [numbers.length], "int64");
