import { type Tensor, Variable } from "../graph/tensor.ts";
import { zeros } from "../nn/initializers.ts";
import { Linear } from "../nn/linear.ts";

/** A row of parameters, [batch or 1, size]: learned, plus a linear function of what is given, which starts at 0. */
export class GivenParameters {
  readonly own: Variable;
  readonly given?: Linear;

  /** `std`: of initial values about 0; `given`: length of what is given, 0 for nothing. */
  constructor(size: number, { std = 0, given = 0 }: { readonly std?: number; readonly given?: number }) {
    this.own = new Variable([1, size], std === 0 ? { kind: "constant", value: 0 } : { kind: "normal", mean: 0, std });
    if (given > 0) this.given = new Linear(given, size, { bias: false, weight: zeros });
  }

  of(given: Tensor | undefined): Tensor {
    return this.given && given ? this.given.apply(given).add(this.own) : this.own;
  }
}
