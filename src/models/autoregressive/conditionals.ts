import { Bernoulli } from "../../distributions/bernoulli.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { GridCategorical } from "../../distributions/grid-categorical.ts";
import { Mixture } from "../../distributions/mixture.ts";
import { Normal } from "../../distributions/normal.ts";
import { OneHotCategorical } from "../../distributions/one-hot-categorical.ts";
import { ConfigError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { maximum } from "../../ops/arithmetic.ts";
import { cast } from "../../ops/comparison.ts";
import { oneHot } from "../../ops/indexing.ts";
import { concat, reshape, slice } from "../../ops/movement.ts";
import type { MaskedVariables } from "../../nn/autoregressive-masks.ts";
import type { DataSpec } from "../model.ts";
import { type ColumnRun, columnRuns } from "../parts/column-runs.ts";

export const conditionalNames = ["bernoulli", "categorical", "mixture"] as const;
export type ConditionalName = (typeof conditionalNames)[number];

/** The distributions p(x_i | x_before) of a model that gives the parameters of all of them at once, as a value. */
export interface Conditionals extends MaskedVariables {
  /** [rows, values] -> [rows, inputs]. */
  inputs(x: Tensor): Tensor;
  /** log p(x_i | x_before), [rows, variables] in nats, of x [rows, values] by outputs [rows, outputs] that were made of it. */
  logProbs(outputs: Tensor, x: Tensor): Tensor;
  /** A sample of every variable by itself, [rows, values]. */
  sample(outputs: Tensor): Tensor;
}

export interface ConditionalsConfig {
  readonly conditionals: ConditionalName;
  readonly levels: number;
  readonly components: number;
}

/**
 * - `bernoulli`: each value is 0 or 1.
 * - `categorical`: symbols, or intensities of so many levels; each of them one-hot as an input.
 * - `mixture`: real numbers by a mixture of Gaussians each, categories of a table by a softmax.
 *
 * Throws ConfigError where they do not fit the data.
 */
export function conditionalsFor(
  { conditionals: name, levels, components }: ConditionalsConfig,
  { shape, columns, symbols, range }: DataSpec,
): Conditionals {
  const values = sizeOf(shape);
  const wrong = (got: string, expected: string): ConfigError =>
    new ConfigError(`conditionals: they do not fit the data, got ${name} for ${got}, expected ${expected}`);
  if (symbols !== undefined && name !== "categorical") throw wrong(`${symbols} symbols`, "categorical");
  if (columns && name !== "mixture") throw wrong("rows of a table", "mixture");
  if (symbols === undefined && range === null && name !== "mixture") throw wrong("real numbers", "mixture");
  const each = Array.from({ length: values }, (_, i) => i);
  switch (name) {
    case "bernoulli":
      return {
        variables: values,
        ofValue: each,
        ofInput: each,
        ofOutput: each,
        inputs: (x) => x,
        logProbs: (logits, x) => new Bernoulli(logits).logProb(x),
        sample: (logits) => new Bernoulli(logits).sample(),
      };
    case "categorical": {
      const bins = symbols ?? levels;
      const high = symbols === undefined ? 1 : bins - 1;
      const of = (logits: Tensor): GridCategorical =>
        new GridCategorical(reshape(logits, [logits.shape[0]!, values, bins]), { low: 0, high });
      const ofEach = each.flatMap((i) => Array.from({ length: bins }, () => i));
      return {
        variables: values,
        ofValue: each,
        ofInput: ofEach,
        ofOutput: ofEach,
        inputs: (x) => reshape(oneHot(cast(x.mul((bins - 1) / high).add(0.5), "int64"), bins), [x.shape[0]!, -1]),
        logProbs: (logits, x) => of(logits).logProb(x),
        sample: (logits) => of(logits).sample(),
      };
    }
    case "mixture":
      return new MixtureConditionals(
        columns ? columnRuns(columns) : [{ width: values, numbers: true }],
        values,
        components,
      );
  }
}

/** Below this log variance of a standardized number nothing is gained: a column of few values would otherwise have a density without bound. */
const leastLogVar = -9;

/**
 * Of a number with k components the outputs are k logits, k means and k log variances; of a category its logits. Runs of columns of one kind
 * follow each other, in a run of numbers all logits, then all means, then all log variances.
 */
class MixtureConditionals implements Conditionals {
  readonly variables: number;
  readonly ofValue: readonly number[];
  readonly ofInput: readonly number[];
  readonly ofOutput: readonly number[];
  readonly #runs: readonly ColumnRun[];
  readonly #components: number;

  constructor(runs: readonly ColumnRun[], values: number, components: number) {
    this.#runs = runs;
    this.#components = components;
    let variable = 0;
    const [ofValue, ofOutput]: [number[], number[]] = [[], []];
    for (const { width, numbers } of runs) {
      const own = Array.from({ length: width }, (_, i) => variable + (numbers ? i : 0));
      variable += numbers ? width : 1;
      ofValue.push(...own);
      if (!numbers) ofOutput.push(...own);
      else
        for (let part = 0; part < 3; part++)
          ofOutput.push(...own.flatMap((i) => Array(components).fill(i) as number[]));
    }
    this.variables = variable;
    this.ofValue = ofValue;
    this.ofInput = ofValue;
    this.ofOutput = ofOutput;
    if (ofValue.length !== values)
      throw new Error(`MixtureConditionals: ${ofValue.length} values of columns, ${values} of examples`);
  }

  inputs(x: Tensor): Tensor {
    return x;
  }

  logProbs(outputs: Tensor, x: Tensor): Tensor {
    let at = 0;
    const parts = this.#distributions(outputs).map((p) => {
      const width = p.shape[1]!;
      return reshape(p.logProb(slice(x, 1, at, (at += width))), [x.shape[0]!, -1]);
    });
    return concat(parts, 1);
  }

  sample(outputs: Tensor): Tensor {
    return concat(
      this.#distributions(outputs).map((p) => p.sample()),
      1,
    );
  }

  /** Of each run of columns: over [rows, width], numbers by themselves and a category as one event. */
  #distributions(outputs: Tensor): readonly Distribution[] {
    const rows = outputs.shape[0]!;
    let at = 0;
    return this.#runs.map(({ width, numbers }) => {
      if (!numbers) return new OneHotCategorical(slice(outputs, 1, at, (at += width)));
      const [logits, means, logVars] = [0, 1, 2].map(() =>
        reshape(slice(outputs, 1, at, (at += width * this.#components)), [rows, width, this.#components]),
      ) as [Tensor, Tensor, Tensor];
      // Initial means cover most of a standard normal: components that start alike stay alike.
      const offsets = constant(spread(this.#components), [this.#components]);
      return new Mixture(logits, new Normal(means.add(offsets), { logVar: maximum(logVars, leastLogVar) }));
    });
  }
}

const spread = (count: number): number[] =>
  Array.from({ length: count }, (_, k) => (count === 1 ? 0 : -1.5 + (3 * k) / (count - 1)));
