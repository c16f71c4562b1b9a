import { stream } from "../../random/index.ts";
import { boostTrees, usualBins } from "./boosted-trees.ts";
import { countCodes, type FactoredCodes } from "./factored-codes.ts";
import { quantileBins } from "./quantile-bins.ts";

/** Disentanglement, completeness and informativeness (DCI), each from 0 to 1, higher is better. */
export interface DCI {
  /** Degree to which each dimension is important for a single factor. */
  readonly disentanglement: number;
  /** Degree to which each factor depends on a single dimension. */
  readonly completeness: number;
  /** Mean over factors of the held-out accuracy of predicting the factor from the code. */
  readonly informativeness: number;
  /** Importance of each dimension for each factor, [factors][dimensions]; rows sum to 1, or are 0 where no dimension matters. */
  readonly importance: readonly (readonly number[])[];
  /** Held-out accuracy for each factor. */
  readonly accuracy: readonly number[];
}

/**
 * DCI (Eastwood & Williams 2018, "A framework for the quantitative evaluation of disentangled representations"). With R_jk the importance of
 * dimension j for predicting factor k, D factors and codes of K dimensions,
 *
 *   disentanglement = sum_j rho_j (1 - H_D(R_j. / sum_k R_jk)),  rho_j = sum_k R_jk / sum R
 *   completeness    = mean_k (1 - H_K(R_.k / sum_j R_jk))
 *
 * H_n is the entropy to base n. As in Locatello et al. 2019 (arXiv:1811.12359), gradient-boosted trees (100 rounds, depth 3, rate 0.1) predict
 * each factor as a class, and R is the gain of their splits; here on 64 quantile bins per dimension. Half of the examples are held out.
 * Throws ConfigError for codes and factors that do not match.
 */
export function dci(given: FactoredCodes, { seed = 0, rounds = 100 } = {}): DCI {
  const { codes, latentDim, factors } = given;
  const count = countCodes("dci", given);
  const order = stream(seed, "dci").permutation(count);
  const features = Array.from({ length: latentDim }, (_, j) =>
    quantileBins(count, (i) => codes[order[i]! * latentDim + j]!, usualBins),
  );
  const fits = factors.map(({ values }) => {
    const distinct = [...new Set(Array.from(values))].toSorted((a, b) => a - b);
    const places = new Map(distinct.map((value, k) => [value, k]));
    const classes = Uint32Array.from(order, (example) => places.get(values[example]!)!);
    return boostTrees(features, classes, Math.ceil(count / 2), { rounds });
  });
  const importance = fits.map((of) => normalized([...of.importance]));
  const byDimension = Array.from({ length: latentDim }, (_, j) => importance.map((of) => of[j]!));
  const weights = normalized(byDimension.map(sum));
  const accuracy = fits.map((of) => of.accuracy);
  return {
    disentanglement: sum(byDimension.map((of, j) => weights[j]! * concentration(of))),
    completeness: sum(importance.map(concentration)) / factors.length,
    informativeness: sum(accuracy) / factors.length,
    importance,
    accuracy,
  };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Normalized to sum 1; all 0 where the sum is 0. */
function normalized(values: readonly number[]): number[] {
  const total = sum(values);
  return values.map((v) => (total === 0 ? 0 : v / total));
}

/** 1 minus the normalized entropy of the values, to the base of their number; 0 where all are 0, 1 for a single one that is not. */
function concentration(values: readonly number[]): number {
  const p = normalized(values);
  if (sum(p) === 0) return 0;
  if (p.length === 1) return 1;
  return 1 + sum(p.map((each) => (each > 0 ? each * Math.log(each) : 0))) / Math.log(p.length);
}
