import { neighborTwoSample } from "../../metrics/samples/classifier-two-sample.ts";
import { maximumMeanDiscrepancy } from "../../metrics/samples/maximum-mean-discrepancy.ts";
import { networkTwoSample } from "../network-two-sample.ts";
import {
  exampleConditions,
  generatedExamples,
  generatedFeatures,
  lackingSamples,
  realExamples,
  realFeatures,
  sampleConditions,
} from "./generated.ts";
import { treeOptions, treeTwoSample } from "../../metrics/tables/tree-tests.ts";
import { aucResult, generatedTable, realTable } from "./table-quality.ts";
import type { Metric, MetricContext, MetricProgress, MetricReport, MetricResult } from "./metric.ts";

/** Examples of each set for a discrepancy: its kernel takes memory by the square of their number. */
const most = 2000;
const permutations = 200;

export const mmdMetric: Metric = {
  name: "mmd",
  summary: `squared maximum mean discrepancy of the first ${most} samples and examples, with its p-value (Gretton et al., JMLR 13:723, 2012)`,
  generates: true,
  lacking: lackingSamples,
  async *evaluate(context) {
    const { priors, seed } = context;
    const { dim } = await context.extractor();
    const first = (features: Float32Array): Float32Array => features.subarray(0, most * dim);
    const real = first(await realFeatures(context));
    const results: MetricResult[] = [];
    const bandwidths: Record<string, number> = {};
    const total = 2 * priors.length;
    for (const prior of priors) {
      const samples = first(await generatedFeatures(context, prior));
      for (const kernel of ["rbf", "imq"] as const) {
        const { squaredMmd, pValue, bandwidth } = maximumMeanDiscrepancy(samples, real, dim, {
          kernel,
          permutations,
          seed,
        });
        bandwidths[prior] = bandwidth;
        const note = `${samples.length / dim} samples, ${real.length / dim} examples; 0 for equal distributions`;
        results.push(
          { name: `mmd2 ${kernel}`, of: prior, value: squaredMmd, note, better: "lower" },
          { name: `p-value ${kernel}`, of: prior, value: pValue, note: `by ${permutations} permutations` },
        );
        yield { done: results.length / 2, total };
      }
    }
    return {
      results,
      conditions: {
        ...(await sampleConditions(context)),
        most,
        permutations,
        bandwidth: "the median distance of pooled pairs",
        bandwidths,
      },
    };
  },
};

export const classifierTwoSampleMetric: Metric = {
  name: "c2st",
  summary:
    "classifier two-sample test (arXiv:1610.06545): test accuracy on samples against examples, of nearest neighbors in features and of a network; AUC of boosted trees for tables",
  generates: true,
  lacking: lackingSamples,
  async *evaluate(context) {
    const { priors, seed, split } = context;
    if (split.dataset.columns) return yield* ofTables(context);
    const { dim } = await context.extractor();
    const device = await context.device();
    const { shape } = split.dataset;
    const results: MetricResult[] = [];
    const total = 2 * priors.length;
    for (const prior of priors) {
      const neighbors = neighborTwoSample(await generatedFeatures(context, prior), await realFeatures(context), dim, {
        seed,
      });
      yield { done: results.length / 2 + 1, total };
      const network = await networkTwoSample(await generatedExamples(context, prior), await realExamples(context), {
        device,
        shape,
        seed,
      });
      for (const [kind, { accuracy, standardError, pValue, tested, onSamples, onReal }] of [
        ["neighbors", neighbors],
        ["network", network],
      ] as const) {
        const note = `${percent(onSamples)} on samples and ${percent(onReal)} on examples, ${tested} tested; 0.5 for equal distributions`;
        results.push(
          { name: `accuracy, ${kind}`, of: prior, value: accuracy, standardError, note, better: "lower" },
          { name: `p-value, ${kind}`, of: prior, value: pValue },
        );
      }
      yield { done: results.length / 2, total };
    }
    return {
      results,
      conditions: { ...(await sampleConditions(context)), network: { ...exampleConditions(context), epochs: 4 } },
    };
  },
};

async function* ofTables(context: MetricContext): AsyncGenerator<MetricProgress, MetricReport> {
  const { priors, seed } = context;
  const real = await realTable(context);
  const results: MetricResult[] = [];
  for (const prior of priors) {
    const tested = treeTwoSample(await generatedTable(context, prior), real, { seed });
    results.push({ ...aucResult("auc, trees", prior, tested), better: "lower" });
    yield { done: results.length, total: priors.length };
  }
  return { results, conditions: { ...exampleConditions(context), trees: treeOptions } };
}

const percent = (fraction: number): string => `${Math.round(100 * fraction)} %`;
