import { type Tensor, Variable } from "../graph/tensor.ts";
import { matmul, reshape } from "../ops/index.ts";
import { type ActivationName, activations, initializationFor } from "./activation.ts";
import type { Context } from "./context.ts";
import { Dropout } from "./dropout.ts";
import { type Initialize, linearFans, zeros } from "./initializers.ts";
import { Linear } from "./linear.ts";

export interface MaskedNetworkOptions {
  readonly inputs: number;
  readonly hiddenDims: readonly number[];
  readonly outputs: number;
  readonly activation: ActivationName;
  /** Length of the vector that each row is conditioned on; 0 for none. */
  readonly given: number;
  /** Rate after each hidden layer (0). */
  readonly dropout?: number;
}

/**
 * Fully connected layers whose weights are [masked](autoregressive-masks.ts) where they are used. Outputs start at 0: the last layer does, and what
 * goes from the inputs straight to the outputs.
 */
export class MaskedNetwork {
  readonly layers: readonly MaskedLayer[];
  /** From the inputs straight to the outputs, which have a bias already. */
  readonly direct: Pick<MaskedLayer, "weight">;
  /** What a condition adds before the first nonlinearity, and to the outputs. */
  readonly given?: { readonly hidden: Linear; readonly outputs: Linear };
  readonly #activation: ActivationName;
  readonly #dropout: Dropout;

  constructor({ inputs, hiddenDims, outputs, activation, given, dropout = 0 }: MaskedNetworkOptions) {
    this.#activation = activation;
    this.#dropout = new Dropout(dropout);
    const widths = [inputs, ...hiddenDims, outputs];
    const weight = initializationFor(activation);
    this.layers = widths
      .slice(1)
      .map((width, i) => new MaskedLayer(widths[i]!, width, i < hiddenDims.length ? weight : zeros));
    this.direct = { weight: new Variable([inputs, outputs], zeros(linearFans(inputs, outputs))) };
    if (given > 0)
      this.given = {
        hidden: new Linear(given, hiddenDims[0]!, { bias: false }),
        outputs: new Linear(given, outputs, { bias: false, weight: zeros }),
      };
  }

  /** All weights under masks of each layer, [sets, in, out], the direct ones last. */
  weights(masks: readonly Tensor[]): readonly Tensor[] {
    return [...this.layers, this.direct].map(({ weight }, i) => weight.mul(masks[i]!));
  }

  /**
   * Outputs for rows of inputs under masked weights: [sets, rows, outputs] of [sets rows, inputs]. `y`: what each row is conditioned on,
   * [sets rows, given]. `only`: takes some of the outputs, along the last axis.
   */
  outputs(
    inputs: Tensor,
    weights: readonly Tensor[],
    context: Context,
    { y, only = (t) => t }: { readonly y?: Tensor | undefined; readonly only?: (t: Tensor) => Tensor } = {},
  ): Tensor {
    const added = (h: Tensor, more: Tensor): Tensor => h.add(reshape(more, h.shape));
    const first = reshape(inputs, [weights[0]!.shape[0]!, -1, inputs.shape[1]!]);
    const last = this.layers.length - 1;
    let h = first;
    this.layers.slice(0, last).forEach(({ bias }, i) => {
      const out = product(h, weights[i]!).add(bias);
      const seen = i === 0 && this.given && y ? added(out, this.given.hidden.apply(y)) : out;
      h = this.#dropout.apply(activations[this.#activation](seen), context);
    });
    const out = product(h, only(weights[last]!))
      .add(only(this.layers[last]!.bias))
      .add(product(first, only(weights[last + 1]!)));
    return this.given && y ? added(out, only(this.given.outputs.apply(y))) : out;
  }
}

/** [sets, rows, in] by [sets, in, out]; of one set in two dimensions, which compile to one Gemm. */
function product(x: Tensor, weight: Tensor): Tensor {
  const [sets, rows] = x.shape as [number, number];
  if (sets > 1) return matmul(x, weight);
  return reshape(matmul(reshape(x, x.shape.slice(1)), reshape(weight, weight.shape.slice(1))), [1, rows, -1]);
}

/** Weights that are masked where they are used. */
class MaskedLayer {
  /** [in, out]. */
  readonly weight: Variable;
  /** [out]. */
  readonly bias: Variable;

  constructor(inDim: number, outDim: number, weight: Initialize) {
    const fans = linearFans(inDim, outDim);
    this.weight = new Variable([inDim, outDim], weight(fans));
    this.bias = new Variable([outDim], zeros(fans));
  }
}
