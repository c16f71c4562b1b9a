/**
 * Models, and the interface that one of your own implements.
 *
 * @module latentkit/models
 */
export type { AAEConfig } from "./adversarial/aae-settings.ts";
export { AAE, aae } from "./adversarial/aae.ts";
export { gan, type GANConfig } from "./adversarial/gan.ts";
export { VAEGAN, vaeGAN, type VAEGANConfig } from "./adversarial/vae-gan.ts";
export { AE, ae, type AEConfig, type Pass, type Variation } from "./autoencoders/ae.ts";
export { dae, type DAEConfig } from "./autoencoders/dae.ts";
export { PCA, pca, type PCAConfig } from "./autoencoders/pca.ts";
export { rae, type RAEConfig } from "./autoencoders/rae.ts";
export { wae, type WAEConfig } from "./autoencoders/wae.ts";
export { Transformer, transformer } from "./autoregressive/transformer.ts";
export {
  type DefinitionParts,
  defineModel,
  type ModelChoice,
  type ModelDefinition,
  type Preset,
  type Remedies,
} from "./definition.ts";
export { MADE, made, type MADEConfig } from "./autoregressive/made.ts";
export { PixelCNN, pixelCNN } from "./autoregressive/pixelcnn.ts";
export type { PixelCNNConfig } from "./autoregressive/pixelcnn-settings.ts";
export type { Conditioning } from "./conditioning.ts";
export { Diffusion, diffusion } from "./diffusion/diffusion.ts";
export type { DiffusionConfig } from "./diffusion/diffusion-settings.ts";
export { MaskedDiffusion, maskedDiffusion } from "./diffusion/masked/masked-diffusion.ts";
export { Flow, type FlowOptions } from "./flows/flow.ts";
export { glow } from "./flows/glow.ts";
export type { ImageFlowConfig } from "./flows/image-flow.ts";
export { nice, type NICEConfig } from "./flows/nice.ts";
export { realNVP } from "./flows/realnvp.ts";
export { maf, type MAFConfig } from "./flows/maf.ts";
export { splineFlow, type SplineFlowConfig } from "./flows/spline-flow.ts";
export {
  type Codes,
  codesOf,
  completeCodes,
  type Latent,
  type Posteriors,
  type Take,
  takeMean,
  takeSamples,
} from "./latent.ts";
export type { Batch, DataSpec, Elbo, Examples, FieldSpec, Model, Objective, RunOptimizer } from "./model.ts";
export { conditionSize, conditionVector } from "./parts/condition-vector.ts";
export { type Likelihood, likelihood, likelihoodConfig, type LikelihoodConfig } from "./parts/likelihoods.ts";
export {
  type Decoder,
  decoderFor,
  type Encoder,
  encoderFor,
  networkConfig,
  type NetworkConfig,
  networkRemedies,
} from "./parts/networks.ts";
export { likelihoodPresets, networkPresets } from "./parts/presets.ts";
export { findModel, registry } from "./registry.ts";
export type { SymbolConfig } from "./symbols/symbol-settings.ts";
export {
  ancestral,
  type AncestralOptions,
  type AnyEditor,
  type AnySampler,
  type Bijection,
  type DensityLoop,
  type Edited,
  type Editor,
  guided,
  type Loop,
  type Sampler,
  samplerOf,
  type StepScalars,
  type Symbolic,
} from "./sampler.ts";
export { BetaTCVAE, betaTCVAE, type BetaTCVAEConfig } from "./vaes/beta-tcvae.ts";
export { cvae, type CVAEConfig } from "./vaes/cvae.ts";
export { DIPVAE, dipVAE, type DIPVAEConfig } from "./vaes/dip-vae.ts";
export { FactorVAE, factorVAE, type FactorVAEConfig } from "./vaes/factor-vae.ts";
export { InfoVAE, infoVAE, type InfoVAEConfig } from "./vaes/info-vae.ts";
export { IWAE, iwae, type IWAEConfig } from "./vaes/iwae.ts";
export { M2, m2, type M2Config } from "./vaes/m2.ts";
export { TwoLayer, twoLayer, type TwoLayerConfig } from "./vaes/two-layer.ts";
export { VAE, vae, type VAEConfig } from "./vaes/vae.ts";
export { VQVAE, vqVAE, vqVAE2, type VQVAE2Config, type VQVAEConfig } from "./vector-quantized/vq-vae.ts";
