import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { activeThreshold, activity } from "./active-units.ts";
import { betaVAEScore } from "./beta-vae-score.ts";
import { dci } from "./dci.ts";
import { factorVAEScore } from "./factor-vae-score.ts";
import type { FactoredCodes } from "./factored-codes.ts";
import { modularity } from "./modularity.ts";
import { mutualInformationGap } from "./mutual-information-gap.ts";
import { sap } from "./sap.ts";

// Two ordinal factors of eight values and a categorical one of three: every combination equally often.
const count = 8 * 8 * 3 * 16;
const numbers = Array.from({ length: count }, (_, i) => i);
const a = numbers.map((i) => i % 8);
const b = numbers.map((i) => Math.floor(i / 8) % 8);
const kind = numbers.map((i) => Math.floor(i / 64) % 3);
const quantities = [
  { name: "a", values: a, ordered: true },
  { name: "b", values: b, ordered: true },
];
const all = [...quantities, { name: "kind", values: kind, ordered: false }];

function coded(f: (i: number) => readonly number[], factors = all): FactoredCodes {
  return { codes: Float64Array.from(numbers.flatMap(f)), latentDim: f(0).length, factors };
}
/** a and b rotated by an angle. */
const turned = (degrees: number): FactoredCodes => {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return coded((i) => [cos * a[i]! + sin * b[i]!, cos * b[i]! - sin * a[i]!], quantities);
};
const perfect = coded((i) => [b[i]!, 0, kind[i]!, -3 * a[i]!]);
const random = stream(0, "useless");
const useless = coded(() => [random.normal(), random.normal(), random.normal()]);
const still = coded(() => [1, 2, 3]);
const informationIn = ({ codes, latentDim, factors }: FactoredCodes) =>
  mutualInformationGap(
    codes as Float64Array,
    latentDim,
    factors.map(({ values }) => values),
  ).information;

describe("a perfect code", () => {
  test("scores 1", () => {
    expect(factorVAEScore(perfect)).toBe(1);
    expect(betaVAEScore(perfect)).toBe(1);
    const found = dci(perfect, { rounds: 20 });
    expect(found.disentanglement).toBeCloseTo(1, 6);
    expect(found.completeness).toBeCloseTo(1, 6);
    expect(found.informativeness).toBe(1);
    expect(found.importance.map((of) => of.indexOf(Math.max(...of)))).toEqual([3, 0, 2]);
    expect(modularity(informationIn(perfect))).toBeCloseTo(1, 6);
  });

  test("has a SAP of 1 for ordinal factors, and of 1 minus chance for categorical ones: 1 - 1/3", () => {
    const { gaps, sap: mean } = sap(perfect);
    [1, 1, 2 / 3].forEach((gap, k) => expect(gaps[k]).toBeCloseTo(gap, 9));
    expect(mean).toBeCloseTo(8 / 9, 9);
  });
});

describe("a code rotated", () => {
  // R^2 of a is cos^2 of the angle in one dimension and sin^2 in the other.
  test.each([0, 10, 30, 45, 60])("by %i degrees has a SAP of |cos 2 angle|", (degrees) => {
    expect(sap(turned(degrees)).sap).toBeCloseTo(Math.abs(Math.cos((degrees * Math.PI) / 90)), 9);
  });

  test("by 45 degrees is entangled: scores are at chance level", () => {
    // A little noise, so that rounding does not decide which of two equal variances is less.
    const { codes, ...rest } = turned(45);
    const half = { ...rest, codes: Float64Array.from(codes, (z) => z + 1e-3 * random.normal()) };
    expect(modularity(informationIn(turned(45)))).toBeCloseTo(0, 9);
    const found = dci(half, { rounds: 20 });
    // Of half of the examples, which are not quite alike in a and b.
    expect(found.disentanglement).toBeLessThan(0.04);
    expect(found.completeness).toBeLessThan(0.04);
    expect(Math.abs(factorVAEScore(half) - 1 / 2)).toBeLessThan(0.06);
    expect(Math.abs(betaVAEScore(half) - 1 / 2)).toBeLessThan(0.06);
  });

  // At 20 degrees each dimension still varies less where its own factor is fixed.
  test("by 20 degrees still scores 1 by votes", () => {
    expect(factorVAEScore(turned(20))).toBeGreaterThan(0.999);
    expect(betaVAEScore(turned(20))).toBeGreaterThan(0.999);
  });
});

describe("an uninformative code", () => {
  test("scores at chance level", () => {
    // The standard error of 5,000 guesses is 0.007.
    expect(Math.abs(factorVAEScore(useless) - 1 / 3)).toBeLessThan(0.03);
    expect(Math.abs(betaVAEScore(useless) - 1 / 3)).toBeLessThan(0.03);
    const found = dci(useless, { rounds: 20 });
    expect(found.disentanglement).toBeLessThan(0.05);
    expect(found.completeness).toBeLessThan(0.05);
    expect(Math.abs(found.informativeness - (1 / 8 + 1 / 8 + 1 / 3) / 3)).toBeLessThan(0.05);
    expect(sap(useless).sap).toBeLessThan(0.02);
  });

  // Of factors whose values have 2000, 200 and 40 examples: a pair of an example with itself would tell them apart by their number.
  test("scores 1/3 by pairs, however unlike the sizes of groups", () => {
    const size = 4000;
    const noise = stream(1, "noise");
    const codes = Float64Array.from({ length: 10 * size }, () => noise.normal());
    const factors = [2, 20, 100].map((distinct) => ({
      name: `of ${distinct}`,
      values: Array.from({ length: size }, (_, i) => (i * 37) % distinct),
      ordered: true,
    }));
    expect(Math.abs(betaVAEScore({ codes, latentDim: 10, factors }) - 1 / 3)).toBeLessThan(0.03);
  });

  test("scores 0 where it does not vary", () => {
    expect(factorVAEScore(still)).toBe(0);
    expect(dci(still, { rounds: 2 })).toMatchObject({ disentanglement: 0, completeness: 0 });
    expect(sap(still).sap).toBe(0);
    expect(modularity(informationIn(still))).toBe(0);
  });
});

test("a code of one factor out of three predicts it, and guesses between the others: 1/3 + 2/3 1/2", () => {
  const one = coded((i) => [a[i]!, random.normal(), random.normal()]);
  // Votes recognize a group of 384 examples by the variance its noise happens to have.
  expect(Math.abs(factorVAEScore(one) - 2 / 3)).toBeLessThan(0.12);
  expect(Math.abs(betaVAEScore(one) - 2 / 3)).toBeLessThan(0.12);
});

test("modularity is of squared information: a dimension with half as much information about another factor has 3/4", () => {
  const information = [
    [2, 0, 0],
    [1, 3, 0],
  ];
  expect(modularity(information)).toBeCloseTo((3 / 4 + 1) / 2, 12);
});

test("a factor in two dimensions costs completeness alone", () => {
  const twice = coded((i) => [a[i]! % 2, Math.floor(a[i]! / 2), b[i]!], quantities);
  const { disentanglement, completeness, importance } = dci(twice, { rounds: 20 });
  expect(disentanglement).toBeCloseTo(1, 6);
  expect(importance[0]![2]).toBe(0);
  // b's is 1. a's is 1 minus the entropy of its two importances, to base 3: the dimensions.
  const [p, q] = importance[0]! as [number, number, number];
  expect(p).toBeGreaterThan(0.05);
  expect(q).toBeGreaterThan(0.05);
  expect(completeness).toBeCloseTo((1 + 1 + (p * Math.log(p) + q * Math.log(q)) / Math.log(3)) / 2, 9);
  expect(factorVAEScore(twice)).toBe(1);
  expect(modularity(informationIn(twice))).toBeCloseTo(1, 6);
});

test("two factors in one of three dimensions cost disentanglement alone", () => {
  const both = coded((i) => [8 * a[i]! + b[i]!, 0, 0], quantities);
  const { disentanglement, completeness, importance } = dci(both, { rounds: 20 });
  expect(importance).toEqual([
    [1, 0, 0],
    [1, 0, 0],
  ]);
  // Every dimension that is used is for both factors, in equal parts; each factor is in one dimension.
  expect(disentanglement).toBeCloseTo(0, 9);
  expect(completeness).toBeCloseTo(1, 9);
});

test("importances in unequal parts have their entropy to the base of factors, and of dimensions", () => {
  const mixed = turned(30);
  const { codes, latentDim } = mixed;
  // A third dimension of noise: three dimensions, two factors.
  const wide = coded((i) => [codes[latentDim * i]!, codes[latentDim * i + 1]!, random.normal()], quantities);
  const { disentanglement, completeness, importance } = dci(wide, { rounds: 10 });
  const concentration = (values: readonly number[]): number => {
    const total = values.reduce((sum, v) => sum + v);
    const entropy = values.reduce((sum, v) => (v === 0 ? sum : sum - (v / total) * Math.log(v / total)), 0);
    return 1 - entropy / Math.log(values.length);
  };
  const byDimension = [0, 1, 2].map((j) => importance.map((of) => of[j]!));
  // Eastwood & Williams 2018: weighted by the share of all importance, which is 2 here; and the mean over factors.
  const weighted = byDimension.map((of) => ((of[0]! + of[1]!) / 2) * concentration(of));
  expect(disentanglement).toBeCloseTo(
    weighted.reduce((sum, v) => sum + v),
    9,
  );
  expect(completeness).toBeCloseTo((concentration(importance[0]!) + concentration(importance[1]!)) / 2, 9);
  expect(Math.abs(disentanglement - completeness)).toBeGreaterThan(0.05);
});

test("a code of one dimension for two factors is complete, and not disentangled", () => {
  const both = coded((i) => [8 * a[i]! + b[i]!], quantities);
  const found = dci(both, { rounds: 5 });
  expect(found.completeness).toBe(1);
  expect(found.disentanglement).toBeCloseTo(0, 9);
  expect(modularity([[2, 0.5]])).toBe(1);
});

// The code is one of two factors of two values. A pair that has it in common is at 0, one that has the other in common with
// probability 1/2, so that the mean of n pairs is 0 by chance with probability 2^-n: then half of all guesses are wrong.
test.each([1, 2])("means of %i pairs of a code of one factor are told apart but for chance", (batch) => {
  const size = 4000;
  const factors = [1, 2].map((run) => ({
    name: `${run}`,
    values: Array.from({ length: size }, (_, i) => Math.floor(i / run) % 2),
    ordered: true,
  }));
  const one = { codes: Float64Array.from(factors[0]!.values), latentDim: 1, factors };
  // The standard error of 5,000 guesses is 0.006.
  expect(Math.abs(betaVAEScore(one, { batch }) - (1 - 2 ** -(batch + 1)))).toBeLessThan(0.02);
});

test("as many votes are counted as are asked for: one, of either factor, leaves the other to the first of them", () => {
  const scores = Array.from({ length: 20 }, (_, seed) =>
    factorVAEScore(
      coded((i) => [a[i]!, b[i]!], quantities),
      { seed, training: 1, testing: 200 },
    ),
  );
  // A vote for the second factor is all that is to be learned.
  expect(scores.filter((score) => score === 1).length).toBeGreaterThan(3);
  expect(scores.filter((score) => Math.abs(score - 1 / 2) < 0.15).length).toBeGreaterThan(3);
});

test("a dimension of just the threshold's variance has no vote", () => {
  const of = (low: number, high: number): FactoredCodes => ({
    codes: Float64Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? low : high)),
    latentDim: 1,
    factors: [1, 2].map((run) => ({
      name: `${run}`,
      values: numbers.slice(0, 40).map((i) => Math.floor(i / run) % 2),
      ordered: true,
    })),
  });
  const edge = of(0.5, 0.7);
  expect(activity(edge.codes, 1)).toEqual(Float64Array.of(activeThreshold));
  expect(factorVAEScore(edge)).toBe(0);
  expect(factorVAEScore(of(0.5, 0.71))).toBeGreaterThan(0.4);
});

// With b fixed its dimension keeps a hundredth of its variance, which is larger than all of the other's.
test("votes compare variances relative to those of all codes", () => {
  const scaled = coded((i) => [a[i]! + 0.2 * random.normal(), 1000 * (b[i]! + 0.2 * random.normal())], quantities);
  expect(factorVAEScore(scaled)).toBeGreaterThan(0.999);
});

test("thresholds classify as well as the order of a dimension allows", () => {
  // z is 0 and 1 for half of the first kind each, 1 for half of the second, 2 for the rest of it and for the third.
  const z = [
    [0, 1],
    [1, 2],
    [2, 2],
  ];
  const code = coded((i) => [z[kind[i]!]![Math.floor(i / 192) % 2]!, 0]);
  // Intervals {0}, {1}, {2} predicted as the first, either of two, the third: (1/2 + 1/2 + 1) / 3, or the first taking both of its own.
  expect(sap(code).scores[2]![0]).toBeCloseTo(2 / 3, 9);
  expect(sap(code).scores[2]![1]).toBeCloseTo(1 / 3, 9);
});

describe("refused in one line", () => {
  const few = 40;
  const small = {
    codes: Float64Array.from({ length: few }, (_, i) => i),
    latentDim: 1,
    factors: [
      { name: "half", values: numbers.slice(0, few).map((i) => i % 2), ordered: true },
      { name: "each", values: numbers.slice(0, few), ordered: true },
    ],
  };
  test.each([
    [{ ...small }, "factor-vae score: too few examples with the same each, got at most 1, expected 10 or more"],
    [{ ...small, factors: small.factors.slice(1) }, "factor-vae score: too few factors, got 1 factors"],
    [{ ...small, codes: new Float64Array(39) }, "factor-vae score: half is not known of every example, got 40"],
    [{ ...small, codes: new Float64Array(few).fill(Number.NaN) }, "factor-vae score: a code is not finite, got NaN"],
    [
      { ...small, factors: [small.factors[1]!, { name: "size", values: new Float64Array(few), ordered: true }] },
      "factor-vae score: size does not vary, got one value, expected two or more",
    ],
  ])("%#", (given, message) => {
    expect(() => factorVAEScore(given)).toThrow(message);
  });
});
