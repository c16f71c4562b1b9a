/** What boosted trees make of sampled rows beside real ones. */
import { ConfigError } from "../../errors.ts";
import { stream } from "../../random/index.ts";
import { type BoostOptions, boostTrees } from "../codes/boosted-trees.ts";
import { aucInterval, rocAuc } from "../roc-auc.ts";
import { checkAlike, rowCount, rowsOf, stacked, type TableColumns, treeBins } from "./table-columns.ts";

/** The classifier of both tests. */
export const treeOptions = {
  rounds: 150,
  rate: 0.1,
  depth: 6,
  bins: 255,
  leastRows: 10,
} as const satisfies BoostOptions;

/** Rows of either kind that are compared, at most: more make the interval narrower, not the answer another. */
const mostRows = 20_000;

/** An area under the ROC curve and its 95 % interval. */
export interface TestedAUC {
  readonly auc: number;
  readonly interval: readonly [low: number, high: number];
  /** Rows that it is measured on. */
  readonly tested: number;
}

/**
 * Classifier two-sample test of tables (Lopez-Paz & Oquab 2017, arXiv:1610.06545) by gradient-boosted trees: they learn to tell samples
 * from real rows on half of both; the area under the ROC curve of the other half is 0.5 where they cannot. The larger table is cut at
 * random. Throws ConfigError for fewer than 20 rows.
 */
export function treeTwoSample(samples: TableColumns, real: TableColumns, { seed = 0 } = {}): TestedAUC {
  checkAlike("c2st", [samples, real], 20);
  const half = Math.floor(Math.min(rowCount(samples), rowCount(real), mostRows) / 2);
  const [some, others] = [samples, real].map((table, which) => {
    const order = stream(seed, "c2st", which).permutation(rowCount(table));
    return [rowsOf(table, order.subarray(0, half)), rowsOf(table, order.subarray(half, 2 * half))] as const;
  }) as [readonly [TableColumns, TableColumns], readonly [TableColumns, TableColumns]];
  const rows = stacked([some[0], others[0], some[1], others[1]]);
  const isReal = Uint32Array.from({ length: 4 * half }, (_, i) => Math.floor(i / half) % 2);
  return aucOf(rows, isReal, 2 * half);
}

/** Test AUC of a binary column predicted from the others: by trees that saw real rows, and by trees that saw samples. */
export interface TrainedOnSynthetic {
  readonly real: TestedAUC;
  readonly synthetic: TestedAUC;
}

/**
 * Train on synthetic, test on real (Esteban et al. 2017, arXiv:1706.02633, section 4): trees predict column `target`, a category of two
 * values, from the other columns, from real training rows and from as many samples; both are tested on the real test rows. Throws
 * ConfigError where the target is no such column, the test rows have one class alone, or a table has fewer than 20 rows.
 */
export function trainOnSynthetic(
  { samples, training, test }: Readonly<Record<"samples" | "training" | "test", TableColumns>>,
  target: number,
  { seed = 0 } = {},
): TrainedOnSynthetic {
  checkAlike("train on synthetic", [samples, training, test], 20);
  const column = test[target];
  if (column?.kind !== "category" || column.categories !== 2)
    throw new ConfigError(
      `train on synthetic: the target is no column of two categories, got ${column?.kind === "category" ? `${column.categories} categories` : (column?.kind ?? "none")}, expected 2`,
    );
  if (new Set(column.values).size < 2)
    throw new ConfigError("train on synthetic: the test rows have one class alone, got 1, expected both");
  const count = Math.min(rowCount(samples), rowCount(training), 2 * mostRows);
  const by = (table: TableColumns): TestedAUC => {
    const order = stream(seed, "train-on-synthetic").permutation(rowCount(table));
    const rows = stacked([rowsOf(table, order.subarray(0, count)), test]);
    const classes = Uint32Array.from(rows[target]!.values);
    return aucOf(
      rows.filter((_, i) => i !== target),
      classes,
      count,
    );
  };
  return { real: by(training), synthetic: by(samples) };
}

function aucOf(rows: TableColumns, classes: Uint32Array, training: number): TestedAUC {
  const { scores } = boostTrees(treeBins(rows, treeOptions.bins), classes, training, treeOptions);
  const odds = scores[1]!.map((score, i) => score - scores[0]![i]!);
  const positive = Array.from(classes.subarray(training), (k) => k === 1);
  const auc = rocAuc(odds, positive);
  const positives = positive.filter(Boolean).length;
  const interval = aucInterval(auc, { positives, negatives: positive.length - positives });
  return { auc, interval, tested: positive.length };
}
