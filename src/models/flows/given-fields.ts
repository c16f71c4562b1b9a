import type { Bijector, Mapped } from "../../bijectors/bijector.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import type { FieldSpec } from "../model.ts";
import { conditionVector } from "../parts/condition-vector.ts";

/** A bijector that is given fields of its examples, as a vector. */
export class GivenFields implements Bijector {
  readonly bijector: Bijector;
  readonly #fields: readonly FieldSpec[];

  constructor(bijector: Bijector, fields: readonly FieldSpec[]) {
    this.bijector = bijector;
    this.#fields = fields;
  }

  toLatent(x: Tensor, context: Context): Mapped {
    return this.bijector.toLatent(x, context, conditionVector(this.#fields, context, x.shape[0]!));
  }

  toData(z: Tensor, context: Context): Tensor {
    return this.bijector.toData(z, context, conditionVector(this.#fields, context, z.shape[0]!));
  }
}
