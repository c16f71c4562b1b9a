import { ConfigError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type ActivationName, activations, initializationFor } from "./activation.ts";
import { glorotUniform, type Initialize } from "./initializers.ts";
import { Linear, type LinearOptions } from "./linear.ts";

export interface MLPOptions {
  /** Between layers; the last layer's output is left as it is. */
  readonly activation?: ActivationName;
  /** For every weight; otherwise the one derived for the activation, and Glorot's for the last layer. */
  readonly weight?: Initialize;
  readonly bias?: LinearOptions["bias"];
}

/**
 * Linear layers with an activation between them: [..., dims[0]] -> [..., dims.at(-1)].
 *
 * @example
 * const network = new MLP([784, 400, 20], { activation: "relu" });
 * network.apply(new Input("x", [64, 784])).shape; // [64, 20]
 */
export class MLP {
  readonly layers: readonly Linear[];
  readonly activation: ActivationName;

  constructor(dims: readonly number[], options: MLPOptions = {}) {
    if (dims.length < 2)
      throw new ConfigError(`MLP: got dimensions [${dims}], expected at least an input and an output`);
    const { activation = "relu", weight, bias } = options;
    this.activation = activation;
    this.layers = dims.slice(1).map((outDim, i) => {
      const derived = i < dims.length - 2 ? initializationFor(activation) : glorotUniform;
      return new Linear(dims[i]!, outDim, { weight: weight ?? derived, ...(bias !== undefined && { bias }) });
    });
  }

  apply(x: Tensor): Tensor {
    const activate = activations[this.activation];
    return this.layers.reduce((h, layer, i) => layer.apply(i > 0 ? activate(h) : h), x);
  }
}
