/**
 * Metrics as pure functions of arrays: what samples, codes, images and bounds are worth.
 *
 * @module latentkit/metrics
 */
export { annealingSchedule } from "./annealing.ts";
export { bitsPerDimension } from "./bits-per-dimension.ts";
export { activeUnits, activity } from "./codes/active-units.ts";
export { betaVAEScore } from "./codes/beta-vae-score.ts";
export { type CodebookUse, codebookUse } from "./codes/codebook-use.ts";
export { type DCI, dci } from "./codes/dci.ts";
export { factorVAEScore } from "./codes/factor-vae-score.ts";
export type { FactoredCodes, FactorValues } from "./codes/factored-codes.ts";
export { modularity } from "./codes/modularity.ts";
export { type MutualInformationGap, mutualInformationGap } from "./codes/mutual-information-gap.ts";
export { type RateDecomposition, rateDecomposition, type SampledCodes } from "./codes/rate-decomposition.ts";
export { type SAP, sap } from "./codes/sap.ts";
export { type Unit, type UnitReport, unitReport } from "./codes/unit-report.ts";
export { boundSizes, ImportanceBounds, LogMeanExp } from "./importance-bounds.ts";
export { meanSquaredError, psnr } from "./psnr.ts";
export { aucInterval, rocAuc } from "./roc-auc.ts";
export {
  neighborTwoSample,
  type TwoSampleHalves,
  twoSampleHalves,
  twoSampleResult,
  type TwoSampleTest,
} from "./samples/classifier-two-sample.ts";
export type { Features } from "./samples/features.ts";
export { type Fidelity, fidelity } from "./samples/fidelity.ts";
export { type FeatureMoments, featureMoments, frechetDistance } from "./samples/frechet-distance.ts";
export { clusterLabels } from "./codes/cluster-labels.ts";
export { type ClassBalance, classBalance } from "./samples/class-balance.ts";
export { inceptionScore } from "./samples/inception-score.ts";
export { type KernelDistance, kernelDistance } from "./samples/kernel-distance.ts";
export {
  type Discrepancy,
  type DiscrepancyKernel,
  maximumMeanDiscrepancy,
} from "./samples/maximum-mean-discrepancy.ts";
export { type Memorization, memorization } from "./samples/memorization.ts";
export { type ModeCoverage, modeCoverage } from "./samples/mode-coverage.ts";
export { parzenLogLikelihoods, parzenWindow } from "./samples/parzen-window.ts";
export { totalVariation } from "./samples/total-variation.ts";
export { correlationError } from "./tables/associations.ts";
export { type Marginals, marginals } from "./tables/marginals.ts";
export type { TableColumn, TableColumns } from "./tables/table-columns.ts";
export { type TestedAUC, type TrainedOnSynthetic, trainOnSynthetic, treeTwoSample } from "./tables/tree-tests.ts";
export { type ImageSize, multiScaleSimilarity, structuralSimilarity } from "./structural-similarity.ts";
