import { describe, expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { stream } from "../random/index.ts";
import { fitMixture } from "./fit-mixture.ts";
import { GaussianMixture } from "./gaussian-mixture.ts";

/** 600 codes of three overlapping blobs, from the 32-bit generator s' = 1664525 s + 1013904223, as scikit-learn was given them. */
function referenceCodes(): Float64Array {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const normal = (): number => Array.from({ length: 12 }, uniform).reduce((sum, u) => sum + u) - 6;
  return Float64Array.from(
    Array.from({ length: 600 }, (_, i) => {
      const [a, b, c] = [normal(), normal(), normal()];
      if (i % 3 === 0) return [a, b, c];
      return i % 3 === 1
        ? [3 + a + 0.5 * b, 1 + 0.7 * b, -2 + 0.3 * c + 0.2 * a]
        : [-2 + 0.4 * a, 3 + b - 0.6 * c, 2 + c];
    }).flat(),
  );
}

// scikit-learn 1.9.1: GaussianMixture(3, covariance_type, tol=1e-12, max_iter=5000, reg_covar=1e-6, n_init=10,
// random_state=0): score, bic, and components in the order of their first mean.
describe.each([
  {
    covariance: "full",
    score: -4.53027930807618,
    bic: 5621.846129692684,
    weights: [0.33145858817410184, 0.3326042282516605, 0.33593718357423763],
    firstMean: [-1.9887061202496192, 2.9747407541535704, 2.0729712221306276],
    firstCovariance: [
      0.16120592286426408, 0.0195135038025216, -0.020813833078314165, 0.019513503802521606, 1.415821457376896,
      -0.7309206637295058, -0.020813833078314175, -0.7309206637295057, 1.079728351984782,
    ],
    logProbs: [-3.9234214697024186, -10.72454962944113, -2.9474775931029487],
  },
  {
    covariance: "diagonal",
    score: -4.685730925494627,
    bic: 5750.8157036978755,
    weights: [0.345384853608711, 0.32202909672842744, 0.33258604966286165],
    firstMean: [-1.982864623587449, 2.8995409358372286, 2.0142248299145558],
    firstCovariance: [0.17040079565361918, 0, 0, 0, 1.5295443726969207, 0, 0, 0, 1.1430125700226481],
    logProbs: [-3.9174323621763927, -10.683566381918602, -3.2186206481181747],
  },
] as const)("$covariance covariances", ({ covariance, ...reference }) => {
  const codes = referenceCodes();
  const options = { dim: 3, covariance, seed: 0 };
  const fit = fitMixture(codes, { ...options, components: 3, floor: 1e-6, tolerance: 1e-13 });

  test("end where scikit-learn's do", () => {
    expect(fit.meanLogProbs.at(-1)).toBeCloseTo(reference.score, 9);
    expect(fit.bic).toBeCloseTo(reference.bic, 6);
    const { mixture } = fit;
    const order = [0, 1, 2].toSorted((a, b) => mixture.means[3 * a]! - mixture.means[3 * b]!);
    order.forEach((k, i) => expect(mixture.weights[k]).toBeCloseTo(reference.weights[i]!, 5));
    const [k] = order as [number];
    reference.firstMean.forEach((m, i) => expect(mixture.means[3 * k + i]).toBeCloseTo(m, 5));
    const columns = [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ].map((unit) => mixture.place(k, unit).map((value, i) => value - mixture.means[3 * k + i]!));
    reference.firstCovariance.forEach((value, at) => {
      const [i, j] = [Math.floor(at / 3), at % 3];
      expect(columns.reduce((sum, column) => sum + column[i]! * column[j]!, 0)).toBeCloseTo(value, 5);
    });
    const found = mixture.logProb(Float64Array.of(0, 0, 0, 1, 2, 3, -2, 3, 2));
    reference.logProbs.forEach((l, i) => expect(found[i]).toBeCloseTo(l, 4));
  });

  test("raise the likelihood in every iteration", () => {
    for (const components of [1, 2, 5, 8]) {
      const { meanLogProbs } = fitMixture(codes, { ...options, components, tolerance: 1e-9 });
      expect(meanLogProbs.length).toBeGreaterThan(1);
      meanLogProbs.slice(1).forEach((l, i) => {
        // The floor on variances, a millionth of the codes', is outside of what EM maximizes.
        expect(l).toBeGreaterThan(meanLogProbs[i]! - 1e-6);
      });
    }
  });

  test("of one component are the codes' own mean and variance", () => {
    const { mixture, converged } = fitMixture(codes, { ...options, components: 1, floor: 0 });
    expect(converged).toBe(true);
    for (let i = 0; i < 3; i++) {
      const column = Array.from({ length: 600 }, (_, n) => codes[3 * n + i]!);
      const mean = column.reduce((sum, value) => sum + value) / 600;
      expect(mixture.means[i]).toBeCloseTo(mean, 12);
      const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 600;
      const rows = covariance === "full" ? mixture.factors.subarray(3 * i, 3 * i + 3) : [mixture.factors[i]!];
      expect([...rows].reduce((sum, value) => sum + value ** 2, 0)).toBeCloseTo(variance, 11);
    }
  });
});

test("a known mixture is recovered", () => {
  const truth = new GaussianMixture({
    covariance: "full",
    weights: Float64Array.of(0.2, 0.5, 0.3),
    means: Float64Array.of(-6, 0, 0, 5, 6, -3),
    factors: Float64Array.of(1, 0, 0.8, 0.6, 0.5, 0, 0, 1.5, 2, 0, -1, 1),
  });
  const codes = truth.sample(20_000, stream(1, "truth"));
  const { mixture } = fitMixture(codes, { dim: 2, components: 3, covariance: "full", tolerance: 1e-6 });
  const order = [0, 1, 2].toSorted((a, b) => mixture.means[2 * a]! - mixture.means[2 * b]!);
  order.forEach((k, i) => {
    expect(Math.abs(mixture.weights[k]! - truth.weights[i]!)).toBeLessThan(0.015);
    for (let j = 0; j < 2; j++) expect(Math.abs(mixture.means[2 * k + j]! - truth.means[2 * i + j]!)).toBeLessThan(0.1);
    for (let j = 0; j < 4; j++)
      expect(Math.abs(mixture.factors[4 * k + j]! - truth.factors[4 * i + j]!)).toBeLessThan(0.1);
  });
});

test("codes that coincide do not make a density infinite", () => {
  const codes = Float32Array.from([0, 0, 0, 0, 0, 0, 3, 1, 3, 1]);
  const { mixture, meanLogProbs } = fitMixture(codes, { dim: 2, components: 4, covariance: "full" });
  expect(meanLogProbs.every(Number.isFinite)).toBe(true);
  expect(mixture.weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 12);
  expect(mixture.sample(10, stream(0)).every(Number.isFinite)).toBe(true);
  const { mixture: point } = fitMixture(new Float32Array(8), { dim: 2, components: 1, covariance: "full" });
  expect(point.sample(10, stream(0)).every((value) => Math.abs(value) < 1e-4)).toBe(true);
});

test("refuses codes that cannot be fitted", () => {
  const options = { dim: 1, components: 3, covariance: "full" } as const;
  expect(() => fitMixture(new Float32Array(2), options)).toThrow(
    "mixture: too few codes, got 2, expected at least one for each of 3 components",
  );
  expect(() => fitMixture(Float32Array.of(1, 2, 3, Number.NaN), options)).toThrow(DataError);
});
