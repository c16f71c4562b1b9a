import type { Chain } from "../../bijectors/chain.ts";
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
import type { Codes } from "../latent.ts";
import type { Batch, ColumnSpec, DataSpec, Model, Objective } from "../model.ts";
import { conditionVector } from "../parts/condition-vector.ts";
import { ancestralOptions, type AncestralOptions, type Sampler } from "../sampler.ts";
import { standardNormal } from "./flow.ts";
import { InverseSteps } from "./inverse-steps.ts";

export interface SampledFlowParts {
  /** Of the numbers of an example, given its categories and what the model is conditioned on, as one vector. */
  readonly bijector: Chain;
  /** Of the categories of a row, where there are some. */
  readonly categories?: MADEConfig | undefined;
  readonly condition?: Conditioning | undefined;
}

/**
 * A flow without codes: of the rows of a table with categories c beside the numbers x,
 *
 *   log p(c, x) = sum_j log p(c_j | c_<j) + log N(f(x; c); 0, I) + log |det df/dx|
 *
 * which is exact: a category has a probability, from a masked auto-encoder of all of them, and numbers have a density given the categories. Without
 * categories, of vectors that are too long to find the examples of codes in one graph.
 */
export class SampledFlow implements Model {
  readonly bijector: Chain;
  readonly categories?: MADE;
  readonly condition?: Conditioning;
  readonly unboundedDensity = true;
  readonly sampler: Sampler<Pick<AncestralOptions, "temperature">>;
  readonly #shape: Shape;
  /** Places of the numbers and of the categories in a row. */
  readonly #places: Places;

  constructor({ bijector, categories, condition }: SampledFlowParts, data: DataSpec) {
    this.bijector = bijector;
    this.#shape = data.shape;
    this.#places = placesOf(data);
    if (categories) {
      const columns = data.columns!.filter(({ kind }) => kind === "category");
      this.categories = new MADE(categories, { ...data, shape: [this.#places.categories.length], columns });
    }
    if (condition) this.condition = condition;
    const inverse = new InverseSteps(bijector.bijectors);
    const made = this.categories?.sampler;
    this.sampler = {
      options: ancestralOptions.pick({ temperature: true }),
      schedule: () => [...(made?.schedule({}) ?? []), ...inverse.schedule()],
      start: (count, { temperature }, context) => ({
        ...made?.start(count, {}, context),
        ...inverse.start(tempered(standardNormal([count, this.#places.numbers.length]), temperature)),
      }),
      step: (state, at, _, context) => ({
        ...state,
        ...(inverse.takes(at)
          ? inverse.step(
              state,
              at,
              context,
              this.#given(inverse.rows(state), this.#categories(state, context), context),
            )
          : made!.step!(state, at, {}, context)),
      }),
      finish: (state, _, context) => {
        const c = this.#categories(state, context);
        return this.#joined(inverse.finish(state, context, this.#given(inverse.rows(state), c, context)), c);
      },
    };
  }

  logProb(x: Tensor, context: Context): Tensor {
    const rows = reshape(x, [x.shape[0]!, sizeOf(this.#shape)]);
    const part = (places: readonly number[]): Tensor => gather(rows, int64(places), 1);
    const c = this.categories && part(this.#places.categories);
    const { z, logDet } = this.bijector.toLatent(
      part(this.#places.numbers),
      context,
      this.#given(x.shape[0]!, c, context),
    );
    const numbers = standardNormal(z.shape).logProb(z).add(logDet);
    return this.categories && c ? numbers.add(this.categories.logProb(c, context)) : numbers;
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const nll = mean(this.logProb(x, contextOf("nll"))).neg();
    return [{ name: "nll", loss: nll, parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    return { nll: this.logProb(x, context).neg() };
  }

  #categories(state: Codes, context: Context): Tensor | undefined {
    return this.categories?.sampler.finish(state, {}, context);
  }

  /** The categories as vectors, and what the model is conditioned on. */
  #given(rows: number, c: Tensor | undefined, context: Context): Tensor | undefined {
    const y = this.condition && conditionVector(this.condition.fields, context, rows);
    return c && y ? concat([c, y], 1) : (c ?? y);
  }

  /** Rows of their numbers and categories. */
  #joined(numbers: Tensor, categories: Tensor | undefined): Tensor {
    const all = [...this.#places.numbers, ...this.#places.categories];
    const order = all.map((_, at) => all.indexOf(at));
    const rows = categories ? concat([numbers, categories], 1) : numbers;
    return reshape(gather(rows, int64(order), 1), [-1, ...this.#shape]);
  }
}

type Places = Readonly<Record<"numbers" | "categories", readonly number[]>>;

function placesOf({ shape, columns }: DataSpec): Places {
  const places = { numbers: [] as number[], categories: [] as number[] };
  let at = 0;
  for (const { kind, width } of columns?.map(widthOf) ?? [{ kind: "number", width: sizeOf(shape) } as const]) {
    const own = kind === "number" ? places.numbers : places.categories;
    for (let i = 0; i < width; i++) own.push(at++);
  }
  return places;
}

const widthOf = (column: ColumnSpec): { readonly kind: ColumnSpec["kind"]; readonly width: number } => ({
  kind: column.kind,
  width: column.kind === "number" ? 1 : column.values.length,
});

const int64 = (numbers: readonly number[]): Tensor => constant([...numbers], [numbers.length], "int64");
