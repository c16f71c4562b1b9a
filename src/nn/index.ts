/**
 * Layers, networks and initializers, and the variables of a module.
 *
 * @module latentkit/nn
 */
export { type ActivationName, activations, initializationFor } from "./activation.ts";
export {
  type AttentionOptions,
  type Memory,
  MultiHeadAttention,
  TransformerBlock,
  type TransformerBlockInput,
  type TransformerBlockOptions,
} from "./attention.ts";
export { AutoregressiveMasks, type MaskedVariables, type MasksConfig } from "./autoregressive-masks.ts";
export { type Condition, conditioned, type Context, evaluation, TrainingContext } from "./context.ts";
export { ConvDecoder, ConvEncoder, type ConvEncoderOptions, type ConvStage } from "./conv-nets.ts";
export { Conv, type ConvLayerOptions, ConvTranspose, type ConvTransposeLayerOptions } from "./conv.ts";
export { initialValue } from "./initial-value.ts";
export { Dropout } from "./dropout.ts";
export { Embedding, sinusoidalEmbedding } from "./embedding.ts";
export * as initializers from "./initializers.ts";
export type { Fans, Initialize } from "./initializers.ts";
export { Linear, type LinearOptions } from "./linear.ts";
export { MaskedConv, type MaskedConvOptions } from "./masked-conv.ts";
export { MaskedNetwork, type MaskedNetworkOptions } from "./masked-network.ts";
export { MLP, type MLPOptions } from "./mlp.ts";
export { parameters, variables } from "./module.ts";
export { BatchNorm, GroupNorm, LayerNorm } from "./normalization.ts";
export { type Layer, ResidualBlock, type ResidualBlockOptions, SqueezeExcite } from "./residual.ts";
export { SpectralPenalty, SpectrallyNormalized } from "./spectral-normalization.ts";
