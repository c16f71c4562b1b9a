import type { Chain } from "../../bijectors/chain.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { gather } from "../../ops/indexing.ts";
import { concat, reshape } from "../../ops/movement.ts";
import { mean } from "../../ops/reduction.ts";
import { MADE, type MADEConfig } from "../autoregressive/made.ts";
import type { Conditioning } from "../conditioning.ts";
import type { Codes } from "../latent.ts";
import type { Batch, ColumnSpec, DataSpec, Model, Objective } from "../model.ts";
import { conditionVector } from "../parts/condition-vector.ts";
import type { AncestralOptions, Sampler } from "../sampler.ts";
import { standardNormal } from "./flow.ts";
import { samplerInSteps } from "./inverse-steps.ts";

export interface MixedFlowParts {
  /** Of the numbers of an example, given its categories and what the model is conditioned on, as one vector. */
  readonly bijector: Chain;
  /** Of the categories of a row. */
  readonly categories: MADEConfig;
  readonly condition?: Conditioning | undefined;
}

/**
 * A flow of the rows of a table with categories c beside the numbers x,
 *
 *   log p(c, x) = sum_j log p(c_j | c_<j) + log N(f(x; c); 0, I) + log |det df/dx|
 *
 * which is exact: a category has a probability, from a masked auto-encoder of all of them, and numbers have a density given the
 * categories. It has no codes.
 */
export class MixedFlow implements Model {
  readonly bijector: Chain;
  readonly categories: MADE;
  readonly condition?: Conditioning;
  readonly unboundedDensity = true;
  readonly sampler: Sampler<Pick<AncestralOptions, "temperature">>;
  readonly #shape: Shape;
  /** Places of the numbers and of the categories in a row. */
  readonly #places: Places;

  constructor({ bijector, categories, condition }: MixedFlowParts, data: DataSpec) {
    this.bijector = bijector;
    this.#shape = data.shape;
    this.#places = placesOf(data.columns!);
    const columns = data.columns!.filter(({ kind }) => kind === "category");
    this.categories = new MADE(categories, { ...data, shape: [this.#places.categories.length], columns });
    if (condition) this.condition = condition;
    const made = this.categories.sampler;
    const categoriesOf = (state: Codes, context: Context): Tensor => made.finish(state, {}, context);
    const numbers = samplerInSteps(bijector.bijectors, this.#places.numbers.length, (state, _, context) =>
      this.#given(categoriesOf(state, context), context),
    );
    this.sampler = {
      options: numbers.options,
      schedule: (options) => [...made.schedule({}), ...numbers.schedule(options)],
      start: (count, options, context) => ({
        ...made.start(count, {}, context),
        ...numbers.start(count, options, context),
      }),
      step: (state, at, options, context) =>
        at["place"] ? { ...state, ...made.step!(state, at, {}, context) } : numbers.step!(state, at, options, context),
      finish: (state, options, context) =>
        this.#joined(numbers.finish(state, options, context), categoriesOf(state, context)),
    };
  }

  logProb(x: Tensor, context: Context): Tensor {
    const rows = reshape(x, [x.shape[0]!, sizeOf(this.#shape)]);
    const part = (places: readonly number[]): Tensor => gather(rows, int64(places), 1);
    const c = part(this.#places.categories);
    const { z, logDet } = this.bijector.toLatent(part(this.#places.numbers), context, this.#given(c, context));
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

type Places = Readonly<Record<"numbers" | "categories", readonly number[]>>;

function placesOf(columns: readonly ColumnSpec[]): Places {
  const places = { numbers: [] as number[], categories: [] as number[] };
  let at = 0;
  for (const column of columns) {
    const own = column.kind === "number" ? places.numbers : places.categories;
    const width = column.kind === "number" ? 1 : column.values.length;
    for (let i = 0; i < width; i++) own.push(at++);
  }
  return places;
}

const int64 = (numbers: readonly number[]): Tensor => constant([...numbers], [numbers.length], "int64");
