import type { BijectorNetwork } from "../../bijectors/bijector.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type ActivationName, activations, initializationFor } from "../../nn/activation.ts";
import type { Context } from "../../nn/context.ts";
import { Dropout } from "../../nn/dropout.ts";
import { zeros } from "../../nn/initializers.ts";
import { Linear } from "../../nn/linear.ts";
import { concat } from "../../ops/movement.ts";

/** A fully connected network of a coupling of vectors, which sees what is given beside what is kept and gives zeros at first. */
export class VectorNetwork implements BijectorNetwork {
  readonly layers: readonly Linear[];
  readonly last: Linear;
  readonly #activation: ActivationName;
  readonly #dropout: Dropout;

  constructor(
    inDim: number,
    outDim: number,
    options: {
      readonly hiddenDims: readonly number[];
      readonly activation: ActivationName;
      readonly dropout: number;
      readonly given: number;
    },
  ) {
    const { hiddenDims, activation, dropout, given } = options;
    const widths = [inDim + given, ...hiddenDims];
    const weight = initializationFor(activation);
    this.layers = hiddenDims.map((width, i) => new Linear(widths[i]!, width, { weight }));
    this.last = new Linear(widths.at(-1)!, outDim, { weight: zeros });
    this.#activation = activation;
    this.#dropout = new Dropout(dropout);
  }

  apply(kept: Tensor, context: Context, given?: Tensor): Tensor {
    const seen = given ? concat([kept, given], 1) : kept;
    const activate = activations[this.#activation];
    return this.last.apply(
      this.layers.reduce((h, layer) => this.#dropout.apply(activate(layer.apply(h)), context), seen),
    );
  }
}
