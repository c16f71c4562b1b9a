import type { Tensor } from "../../graph/tensor.ts";
import { normal } from "../../nn/initializers.ts";
import { Linear } from "../../nn/linear.ts";
import { concat, slice } from "../../ops/movement.ts";
import { columnRuns } from "./column-runs.ts";
import type { ColumnSpec } from "../model.ts";

const MOST_DIMS = 50;

/**
 * Rows of a table with a learned vector in place of each category's ones and zeros: half as many numbers as there are categories,
 * at most 50. What comes after the columns stays.
 *
 * A linear layer without bias takes a vector with a single 1 to a row of its weights, so it is the table to look up in. Rows come
 * with ones and zeros in any case, since a likelihood compares with them, and a batch of them is small.
 */
export class CategoryEmbeddings {
  readonly tables: readonly Linear[];
  /** Numbers in a row, where so many came. */
  readonly outDim: number;
  readonly #columns: readonly ColumnSpec[];

  constructor(columns: readonly ColumnSpec[], inDim: number) {
    this.#columns = columns;
    const counts = columns.flatMap((column) => (column.kind === "category" ? [column.values.length] : []));
    // At first vectors are about as long as the ones and zeros they stand for.
    this.tables = counts.map((count) => {
      const dims = Math.min(MOST_DIMS, Math.ceil(count / 2));
      return new Linear(count, dims, { bias: false, weight: normal(1 / Math.sqrt(dims)) });
    });
    this.outDim = this.tables.reduce((width, { weight: { shape } }) => width + shape[0]! - shape[1]!, inDim);
  }

  /** [batch, inDim] -> [batch, outDim]. */
  apply(x: Tensor): Tensor {
    let [at, category] = [0, 0];
    const parts = columnRuns(this.#columns).map(({ width, numbers }) => {
      const part = slice(x, -1, at, (at += width));
      return numbers ? part : this.tables[category++]!.apply(part);
    });
    const rest = x.shape.at(-1)! - at;
    return concat(rest > 0 ? [...parts, slice(x, -1, at, at + rest)] : parts, 1);
  }
}
