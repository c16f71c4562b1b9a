import { Delta } from "../../distributions/delta.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { independent } from "../../distributions/independent.ts";
import { Joint } from "../../distributions/joint.ts";
import { OneHotCategorical } from "../../distributions/one-hot-categorical.ts";
import { RelaxedCategorical } from "../../distributions/relaxed-categorical.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { sigmoid, stopGradient } from "../../ops/elementwise.ts";
import { oneHot } from "../../ops/indexing.ts";
import { argmax } from "../../ops/reduction.ts";
import { concat, slice } from "../../ops/movement.ts";
import { columnRuns } from "../parts/column-runs.ts";
import type { ColumnSpec, DataSpec } from "../model.ts";

/** What a generator's numbers become, all [batch, ...shape]. */
export interface GeneratorOutput {
  /** Samples that the generator learns through. */
  samples(numbers: Tensor): Tensor;
  /** p(x|z): a point, but for the categories of a table. */
  distribution(numbers: Tensor): Distribution;
}

/** Of intensities a sigmoid, of real numbers themselves, of a table each column's own. */
export function generatorOutput({ shape, range, columns }: DataSpec): GeneratorOutput {
  if (columns?.some(({ kind }) => kind === "category")) return new ColumnsOutput(columns);
  const values = (numbers: Tensor): Tensor => (range === null ? numbers : sigmoid(numbers));
  return {
    samples: values,
    distribution: (numbers) => independent(new Delta(values(numbers)), shape.length),
  };
}

/** Of softmax in place of argmax, in the gradient. */
const TEMPERATURE = 0.5;

/** Numbers as they are, and of each category one value, drawn by its logits. */
class ColumnsOutput implements GeneratorOutput {
  readonly #columns: readonly ColumnSpec[];
  constructor(columns: readonly ColumnSpec[]) {
    this.#columns = columns;
  }
  samples(numbers: Tensor): Tensor {
    return concat(
      this.#parts(numbers).map(({ part, isNumbers }) => (isNumbers ? part : straightThrough(part))),
      1,
    );
  }
  distribution(numbers: Tensor): Distribution {
    return new Joint(
      this.#parts(numbers).map(({ part, isNumbers }) =>
        isNumbers ? independent(new Delta(part), 1) : new OneHotCategorical(part),
      ),
    );
  }
  #parts(numbers: Tensor): { readonly part: Tensor; readonly isNumbers: boolean }[] {
    let at = 0;
    return columnRuns(this.#columns).map(({ width, numbers: isNumbers }) => ({
      part: slice(numbers, 1, at, (at += width)),
      isNumbers,
    }));
  }
}

/** One-hot samples of a category whose gradient is that of Gumbel-softmax (Jang, Gu & Poole 2016, arXiv:1611.01144, section 2.2). */
function straightThrough(logits: Tensor): Tensor {
  const soft = new RelaxedCategorical(logits, TEMPERATURE).rsample();
  const hard = oneHot(argmax(soft, -1), soft.shape.at(-1)!);
  return soft.add(stopGradient(hard.sub(soft)));
}
