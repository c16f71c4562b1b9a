import type { Distribution } from "../../distributions/distribution.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Model } from "../../models/model.ts";
import type { Context } from "../../nn/context.ts";
import { codeOf } from "../capabilities.ts";

/** p(z) for `count` codes, p(x|z), and the latent dimensions. */
export interface Joint {
  readonly prior: Distribution;
  readonly dim: number;
  readonly decode: (z: Tensor) => Distribution;
}

/** Of a model whose code is one vector: see capabilities. */
export function joint(model: Model, count: number, context: Context): Joint {
  const code = codeOf(model)!;
  return {
    prior: code.prior!({}, count, context),
    dim: code.shape[0]!,
    decode: (z) => model.decode!({ [code.name]: z }, context),
  };
}
