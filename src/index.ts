/**
 * Latentkit for any JavaScript runtime: everything but files and native devices, which are in `latentkit/node`.
 *
 * @module latentkit
 */

export * from "./errors.ts";

// Symbolic tensors: leaves, operations, reverse mode.
export {
  constant,
  type DType,
  evaluate,
  grad,
  type Initializer,
  Input,
  Noise,
  noise,
  type Operand,
  print,
  type Shape,
  sizeOf,
  substitute,
  Tensor,
  type TensorType,
  type Value,
  value,
  Variable,
  vjp,
} from "./graph/index.ts";
export * from "./ops/index.ts";

// Random numbers keyed by (seed, path).
export * from "./random/index.ts";

// What models are made of.
export * from "./distributions/index.ts";
export * from "./nn/index.ts";
export * from "./bijectors/index.ts";
export * from "./optim/index.ts";

// Models and data.
export * from "./models/index.ts";
export * from "./data/index.ts";

// Devices and compiled programs, training, trained models.
export * from "./runtime/index.ts";
export * from "./training/index.ts";
export * from "./evaluation/index.ts";
export * from "./serialization/index.ts";

// Looking at what was learned.
export * from "./metrics/index.ts";
export * from "./latent/index.ts";
export * from "./pictures/index.ts";
