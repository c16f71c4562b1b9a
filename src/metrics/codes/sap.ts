import { countCodes, type FactoredCodes, type FactorValues } from "./factored-codes.ts";
import { quantileBins } from "./quantile-bins.ts";

/** Separated attribute predictability: how well single dimensions predict factors, and the gap between the two best. */
export interface SAP {
  /** Mean gap over factors, from 0 to 1, higher is better. */
  readonly sap: number;
  readonly gaps: readonly number[];
  /** Score of each dimension for each factor, [factors][dimensions], from 0 to 1. */
  readonly scores: readonly (readonly number[])[];
}

/**
 * Separated attribute predictability, SAP (Kumar, Sattigeri & Balakrishnan 2017, arXiv:1711.00848, section 3): the mean over factors of the
 * difference between the two highest scores of single dimensions. The score is the R^2 of linear regression for an ordinal factor, and the
 * balanced accuracy of the best thresholds on the dimension for a categorical one: at most one threshold fewer than classes, chosen on the
 * given examples between 64 quantile bins. Throws ConfigError for codes and factors that do not match.
 */
export function sap(given: FactoredCodes): SAP {
  const { codes, latentDim, factors } = given;
  const count = countCodes("sap", given);
  const scores = factors.map((factor) =>
    Array.from({ length: latentDim }, (_, j) => {
      const at = (i: number): number => codes[i * latentDim + j]!;
      return factor.ordered ? determination(at, factor.values, count) : balancedAccuracy(at, factor, count);
    }),
  );
  const gaps = scores.map((of) => {
    const [first = 0, second = 0] = of.toSorted((a, b) => b - a);
    return first - second;
  });
  return { sap: gaps.reduce((a, b) => a + b) / gaps.length, gaps, scores };
}

/** R^2, the squared correlation; 0 where the code is constant. */
function determination(at: (i: number) => number, values: ArrayLike<number>, count: number): number {
  let [meanZ, meanV] = [0, 0];
  for (let i = 0; i < count; i++) {
    meanZ += at(i) / count;
    meanV += values[i]! / count;
  }
  let [zz, zv, vv] = [0, 0, 0];
  for (let i = 0; i < count; i++) {
    const [z, v] = [at(i) - meanZ, values[i]! - meanV];
    zz += z * z;
    zv += z * v;
    vv += v * v;
  }
  return zz === 0 ? 0 : (zv * zv) / (zz * vv);
}

const bins = 64;

/** Balanced accuracy of the best partition of the dimension into at most as many intervals as classes. */
function balancedAccuracy(at: (i: number) => number, { values }: FactorValues, count: number): number {
  const distinct = [...new Set(Array.from(values))];
  const places = new Map(distinct.map((value, k) => [value, k]));
  const frequencies = new Float64Array(distinct.length);
  for (let i = 0; i < count; i++) frequencies[places.get(values[i]!)!]! += 1;
  // For each class, the fraction of its examples below each bin edge, divided by the number of classes: [classes][bins + 1].
  const below = distinct.map(() => new Float64Array(bins + 1));
  quantileBins(count, at, bins).forEach((bin, i) => {
    const k = places.get(values[i]!)!;
    below[k]![bin + 1]! += 1 / (frequencies[k]! * distinct.length);
  });
  for (const of of below) for (let b = 0; b < bins; b++) of[b + 1]! += of[b]!;
  // Dynamic program: the best balanced accuracy on the bins below each edge; an interval predicts its majority class.
  let reached = Float64Array.from({ length: bins + 1 }, (_, b) => Math.max(...below.map((of) => of[b]!)));
  for (let intervals = 2; intervals <= distinct.length; intervals++)
    reached = reached.map((most, b) => {
      let best = most;
      for (let cut = 0; cut < b; cut++)
        for (const of of below) best = Math.max(best, reached[cut]! + of[b]! - of[cut]!);
      return best;
    });
  return reached[bins]!;
}
