/** Latentkit for any JavaScript runtime: everything but files and native devices, which are in `latentkit/node`. */

export * from "./errors.ts";

// Symbolic tensors: leaves, operations, reverse mode.
export { evaluate } from "./graph/evaluate.ts";
export { grad, vjp } from "./graph/grad.ts";
export { print } from "./graph/print.ts";
export { type DType, type Shape, sizeOf, type TensorType } from "./graph/shape.ts";
export { constant, type Initializer, Input, Noise, noise, type Operand, Tensor, Variable } from "./graph/tensor.ts";
export { substitute } from "./graph/traverse.ts";
export { type Value, value } from "./graph/value.ts";
export * from "./ops/index.ts";

// Random numbers keyed by (seed, path).
export { fillNormal, fillUniform, Stream, stream, type StreamKey, streamKey } from "./random/index.ts";

// What models are made of.
export * from "./distributions/index.ts";
export {
  type ActivationName,
  activations,
  BatchNorm,
  type Context,
  Conv,
  ConvDecoder,
  ConvEncoder,
  ConvTranspose,
  Dropout,
  Embedding,
  evaluation,
  GroupNorm,
  type Layer,
  LayerNorm,
  Linear,
  MLP,
  MultiHeadAttention,
  parameters,
  ResidualBlock,
  TrainingContext,
  variables,
} from "./nn/index.ts";
export * as initializers from "./nn/initializers.ts";
export * from "./optim/index.ts";

// Models.
export { AE, ae, type AEConfig, type Pass, type Variation } from "./models/autoencoders/ae.ts";
export { dae, type DAEConfig } from "./models/autoencoders/dae.ts";
export { PCA, pca, type PCAConfig } from "./models/autoencoders/pca.ts";
export { rae, type RAEConfig } from "./models/autoencoders/rae.ts";
export { wae, type WAEConfig } from "./models/autoencoders/wae.ts";
export {
  type DefinitionParts,
  defineModel,
  type ModelChoice,
  type ModelDefinition,
  type Preset,
  type Remedies,
} from "./models/definition.ts";
export { type Codes, codesOf, completeCodes, type Latent, type Take, takeMean, takeSamples } from "./models/latent.ts";
export type { Batch, Elbo, FieldSpec, Model, Objective, RunOptimizer } from "./models/model.ts";
export { ancestral, guided, type Sampler, samplerOf, type Symbolic } from "./models/sampler.ts";
export { findModel, registry } from "./models/registry.ts";
export { BetaTCVAE, betaTCVAE, type BetaTCVAEConfig } from "./models/vaes/beta-tcvae.ts";
export { DIPVAE, dipVAE, type DIPVAEConfig } from "./models/vaes/dip-vae.ts";
export { FactorVAE, factorVAE, type FactorVAEConfig } from "./models/vaes/factor-vae.ts";
export { InfoVAE, infoVAE, type InfoVAEConfig } from "./models/vaes/info-vae.ts";
export { IWAE, iwae, type IWAEConfig } from "./models/vaes/iwae.ts";
export { cvae, type CVAEConfig } from "./models/vaes/cvae.ts";
export { M2, m2, type M2Config } from "./models/vaes/m2.ts";
export { TwoLayer, twoLayer, type TwoLayerConfig } from "./models/vaes/two-layer.ts";
export { VAE, vae, type VAEConfig } from "./models/vaes/vae.ts";

// Data.
export { Batches, type BatchOptions, type Cursor } from "./data/batches.ts";
export type { Binarization } from "./data/binarize.ts";
export { type DataSpec, dataSpec } from "./data/spec.ts";
export { splitSpec } from "./data/split-spec.ts";
export { createDataset, type Dataset, type ExampleStore } from "./data/dataset.ts";
export { digits, type DigitsOptions, digitsSource, type DigitsSourceOptions } from "./data/generators/digits.ts";
export { readIdxDataset } from "./data/formats/idx-dataset.ts";
export type { ByteFile, SlicedFile } from "./data/formats/byte-file.ts";
export { readIdx } from "./data/formats/idx.ts";
export { type CategoryColumn, type Column, type NumberColumn, rowText } from "./data/tables/column.ts";
export { TableReader, type TableOptions } from "./data/tables/table.ts";
export type { Factors } from "./data/generators/factors.ts";
export { encodeNpy } from "./data/formats/npy.ts";
export { readNpz } from "./data/formats/npz.ts";
export { readNpy } from "./data/formats/read-npy.ts";
export { sprites, spritesSource } from "./data/generators/sprites.ts";
export { sampleToy, findToy, type Toy, toys } from "./data/generators/toys.ts";
export { toySource } from "./data/generators/toy-source.ts";
export { arrayDatasets } from "./data/formats/array-dataset.ts";
export { createDataSource, type DataSource, type Split, split as splitDataset, whole } from "./data/split.ts";

// Devices and compiled programs.
export { compute } from "./runtime/compute.ts";
export type { Device, DeviceName } from "./runtime/device.ts";
export type { HostArray } from "./runtime/host-array.ts";
export { Program, type ProgramSpec, type RunOptions } from "./runtime/program.ts";
export { createVariables, type VariableStore } from "./runtime/variables.ts";
export { browserWebgpuDevice, wasmDevice } from "./runtime/web.ts";

// Training.
export { type ClassAccuracy, classAccuracy } from "./evaluation/class-accuracy.ts";
export { Classifier, classifierFeatures, trainClassifier, type TrainedClassifier } from "./evaluation/classifier.ts";
export { compileStep } from "./training/compile-step.ts";
export { gaussianCodes } from "./evaluation/gaussian-codes.ts";
export { type AnnealedEstimate, AnnealedLikelihood, type AnnealedOptions } from "./evaluation/annealed-likelihood.ts";
export { type LikelihoodEstimate, LikelihoodEvaluator } from "./evaluation/likelihood.ts";
export { type ValidationMetrics, validationMetrics } from "./evaluation/validation-metrics.ts";
export { networkTwoSample } from "./evaluation/network-two-sample.ts";
export { diagnose, type Measured, type Symptoms } from "./training/diagnosis.ts";
export { fit, type FitEvent, type FitOptions } from "./training/fit.ts";
export type { Finding } from "./training/finding.ts";
export { readSafetensors, safetensorsChunks, type SafetensorsTensor } from "./serialization/safetensors.ts";
export { optimizerFor, trainingSettings, type TrainingSettings } from "./training/settings.ts";
export { readTensors, writeTensors } from "./training/state-tensors.ts";
export { type StepOptions, type StepRun, TrainingStep } from "./training/step.ts";
export { has, lacking } from "./evaluation/capabilities.ts";
export { mapSplit } from "./evaluation/map-split.ts";
export { TrainedModel } from "./evaluation/trained-model.ts";

// Looking at what was learned.
export { activeUnits, activity } from "./metrics/codes/active-units.ts";
export { annealingSchedule } from "./metrics/annealing.ts";
export { bitsPerDimension } from "./metrics/bits-per-dimension.ts";
export { parzenLogLikelihoods, parzenWindow } from "./metrics/samples/parzen-window.ts";
export { rocAuc } from "./metrics/roc-auc.ts";
export { type FeatureMoments, featureMoments, frechetDistance } from "./metrics/samples/frechet-distance.ts";
export { inceptionScore } from "./metrics/samples/inception-score.ts";
export { type KernelDistance, kernelDistance } from "./metrics/samples/kernel-distance.ts";
export { boundSizes, ImportanceBounds, LogMeanExp } from "./metrics/importance-bounds.ts";
export { type MutualInformationGap, mutualInformationGap } from "./metrics/codes/mutual-information-gap.ts";
export { betaVAEScore } from "./metrics/codes/beta-vae-score.ts";
export { type DCI, dci } from "./metrics/codes/dci.ts";
export type { FactoredCodes, FactorValues } from "./metrics/codes/factored-codes.ts";
export { factorVAEScore } from "./metrics/codes/factor-vae-score.ts";
export { modularity } from "./metrics/codes/modularity.ts";
export { type SAP, sap } from "./metrics/codes/sap.ts";
export { twoSampleResult, neighborTwoSample, type TwoSampleTest } from "./metrics/samples/classifier-two-sample.ts";
export { type Fidelity, fidelity } from "./metrics/samples/fidelity.ts";
export {
  type Discrepancy,
  type DiscrepancyKernel,
  maximumMeanDiscrepancy,
} from "./metrics/samples/maximum-mean-discrepancy.ts";
export { type Memorization, memorization } from "./metrics/samples/memorization.ts";
export { type ModeCoverage, modeCoverage } from "./metrics/samples/mode-coverage.ts";
export { type ImageSize, multiScaleSimilarity, structuralSimilarity } from "./metrics/structural-similarity.ts";
export { type SampledCodes, rateDecomposition, type RateDecomposition } from "./metrics/codes/rate-decomposition.ts";
export { normalPercentiles, percentileGrid } from "./latent/percentiles.ts";
export { ratePerDimension } from "./evaluation/rate-per-dimension.ts";
export { fitDensity, type DensityForm, parseDensity } from "./latent/density.ts";
export { fitMixture, type MixtureFit, type MixtureOptions } from "./latent/fit-mixture.ts";
export { type CovarianceForm, GaussianMixture, type MixtureParameters } from "./latent/gaussian-mixture.ts";
export { analogy, classMeans } from "./latent/code-arithmetic.ts";
export { linear, pathBetween, spherical } from "./latent/interpolation.ts";
export { standardNormal } from "./latent/standard-normal.ts";
export { codeQuantile, traversal } from "./latent/traversal.ts";
export { closedWalk } from "./latent/walk.ts";
export { type Unit, type UnitReport, unitReport } from "./metrics/codes/unit-report.ts";
export { barChart, type BarChartOptions } from "./pictures/bar-chart.ts";
export { encodeGif } from "./pictures/gif.ts";
export { encodePng } from "./pictures/png.ts";
export { alignedGrid, grid, type GridOptions, type Raster } from "./pictures/raster.ts";
export { terminalPicture } from "./pictures/terminal.ts";
