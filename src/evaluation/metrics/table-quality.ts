import { tableColumns } from "../../data/tables/table-values.ts";
import { correlationError } from "../../metrics/tables/associations.ts";
import { marginals } from "../../metrics/tables/marginals.ts";
import type { TableColumns } from "../../metrics/tables/table-columns.ts";
import { type TestedAUC, treeOptions, treeTwoSample, trainOnSynthetic } from "../../metrics/tables/tree-tests.ts";
import { exampleConditions, generatedExamples, lackingSamples, realExamples, trainingExamples } from "./generated.ts";
import { type Metric, type MetricContext, type MetricResult, oncePerContext } from "./metric.ts";

/** The rows of a set in the terms of their columns. */
const tableOf = (context: MetricContext, x: Float32Array): TableColumns =>
  tableColumns(context.split.dataset.columns!, x);

/** Generated rows of a prior as a table has them. */
export const generatedTable = oncePerContext(async (context, prior) =>
  tableOf(context, await generatedExamples(context, prior)),
);

/** The split's rows likewise. */
export const realTable = oncePerContext(async (context) => tableOf(context, await realExamples(context)));

/** The results of an AUC: 0.5 where trees cannot tell. */
export const aucResult = (
  name: string,
  of: string,
  { auc, interval, tested }: TestedAUC,
): Pick<MetricResult, "name" | "of" | "value" | "interval" | "note"> => ({
  name,
  of,
  value: auc,
  interval,
  note: `${tested} rows tested`,
});

/** The last column of two categories: what tables of people, orders and measurements are usually to predict. */
function targetOf({ split }: MetricContext): number {
  return split.dataset.columns!.findLastIndex((column) => column.kind === "category" && column.values.length === 2);
}

export const tableQualityMetric: Metric = {
  name: "table-quality",
  summary:
    "for tables: distances of the columns' distributions (KS, TV), correlation error, AUC of a two-sample test by boosted trees, and of trees trained on samples beside on real rows (TSTR)",
  generates: true,
  lacking: (context) => (context.split.dataset.columns ? lackingSamples(context) : "examples are no rows of a table"),
  async *evaluate(context) {
    const { priors, seed, split } = context;
    const columns = split.dataset.columns!;
    const real = await realTable(context);
    const training = tableOf(context, await trainingExamples(context));
    const target = targetOf(context);
    const results: MetricResult[] = [];
    for (const [done, prior] of priors.entries()) {
      const samples = await generatedTable(context, prior);
      const { distances, mean } = marginals(samples, real);
      const worst = distances.indexOf(Math.max(...distances));
      results.push(
        {
          name: "marginals",
          of: prior,
          value: mean,
          note: `mean KS and TV of ${columns.length} columns, the largest ${distances[worst]!.toFixed(3)} of ${columns[worst]!.name}; of training rows ${marginals(training, real).mean.toFixed(4)}`,
          better: "lower",
        },
        {
          name: "correlation error",
          of: prior,
          value: correlationError(real, samples),
          note: `of training rows ${correlationError(real, training).toFixed(4)}`,
          better: "lower",
        },
        { ...aucResult("c2st auc, trees", prior, treeTwoSample(samples, real, { seed })), better: "lower" },
      );
      yield { done: done + 0.5, total: priors.length };
      if (target >= 0) {
        const { name } = columns[target]!;
        const tested = trainOnSynthetic({ samples, training, test: real }, target, { seed });
        const predicted = aucResult("tstr auc", prior, tested.synthetic);
        results.push({
          ...predicted,
          note: `of ${name}; ${tested.real.auc.toFixed(3)} when trained on real rows; ${predicted.note}`,
          better: "higher",
        });
      }
      yield { done: done + 1, total: priors.length };
    }
    return {
      results,
      conditions: {
        ...exampleConditions(context),
        training: training[0]!.values.length,
        trees: treeOptions,
        ...(target >= 0 && { target: columns[target]!.name }),
      },
    };
  },
};
