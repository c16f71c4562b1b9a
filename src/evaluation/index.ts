/**
 * Trained models at work: samples, codes and reconstructions, likelihoods, metrics, classifiers and two-sample tests.
 *
 * @module latentkit/evaluation
 */
export { type AnnealedEstimate, AnnealedLikelihood, type AnnealedOptions } from "./likelihood/annealed-likelihood.ts";
export { type CapabilityName, has, lacking } from "./capabilities.ts";
export { type ClassAccuracy, classAccuracy } from "./class-accuracy.ts";
export { Classifier, classifierFeatures, trainClassifier, type TrainedClassifier } from "./classifier.ts";
export type { Extractor, ExtractorCache, ExtractorOptions, OpenExtractor } from "./extractors/extractor.ts";
export { type ExtractorResources, extractorOpener } from "./extractors/extractor-opener.ts";
export { readSmall28, small28, type SmallTraining, trainSmall28 } from "./extractors/small-28.ts";
export { gaussianCodes } from "./gaussian-codes.ts";
export { exampleFields, forExamples } from "./given-examples.ts";
export { type Inversion, type InversionOptions, invertCodes } from "./inversion.ts";
export { type LikelihoodEstimate, LikelihoodEvaluator } from "./likelihood/likelihood.ts";
export { mapSplit } from "./map-split.ts";
export { findMetric, metrics } from "./metrics/index.ts";
export type { Check, MetricResult, Metric, MetricContext, MetricReport } from "./metrics/metric.ts";
export { networkTwoSample } from "./network-two-sample.ts";
export { ratePerDimension } from "./rate-per-dimension.ts";
export { editExamples, type EditOptions } from "./samples/editing.ts";
export { type KeptPart, keptParts, maskKeeping } from "./samples/kept-part.ts";
export { guidedModel } from "./samples/guided-model.ts";
export { drain, type SampledMarginals, type SampleOptions } from "./samples/sampling.ts";
export type { Preview, Report, SamplingProgress } from "./samples/sampling-loop.ts";
export { type SplitCodes, TrainedModel } from "./trained-model.ts";
export { type ValidationMetrics, validationMetrics } from "./validation-metrics.ts";
