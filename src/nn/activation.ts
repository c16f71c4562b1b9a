import type { Tensor } from "../graph/tensor.ts";
import { elu, gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from "../ops/index.ts";
import { glorotUniform, heNormal, type Initialize } from "./initializers.ts";

/** Elementwise nonlinearities by name. */
export const activations = {
  identity: (x: Tensor): Tensor => x,
  relu,
  leakyRelu: (x: Tensor): Tensor => leakyRelu(x),
  elu: (x: Tensor): Tensor => elu(x),
  gelu,
  silu,
  softplus,
  sigmoid,
  tanh,
} as const satisfies Record<string, (x: Tensor) => Tensor>;
export type ActivationName = keyof typeof activations;

/** The initialization derived for weights whose outputs pass through an activation: He's for rectifiers and their smooth variants. */
export const initializationFor = (activation: ActivationName): Initialize =>
  activation === "identity" || activation === "tanh" || activation === "sigmoid" ? glorotUniform : heNormal;
