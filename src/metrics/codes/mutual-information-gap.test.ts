import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { mutualInformationGap } from "./mutual-information-gap.ts";

// Every combination of a factor of 4 values and one of 5, equally often.
const count = 20 * 50;
const shape = Float64Array.from({ length: count }, (_, i) => i % 4);
const size = Float64Array.from({ length: count }, (_, i) => Math.floor(i / 4) % 5);
const codesOf = (f: (i: number) => readonly number[]): { codes: Float64Array; dim: number } => {
  const dim = f(0).length;
  return { codes: Float64Array.from({ length: count * dim }, (_, k) => f(Math.floor(k / dim))[k % dim]!), dim };
};

describe("mutualInformationGap", () => {
  test("is 1 where each factor is one dimension", () => {
    const { codes, dim } = codesOf((i) => [size[i]!, -3 * shape[i]!, 0]);
    const found = mutualInformationGap(codes, dim, [shape, size]);
    expect(found.mig).toBeCloseTo(1, 12);
    expect(found.best).toEqual([1, 0]);
    expect(found.information[0]![1]).toBeCloseTo(Math.log(4), 12);
    expect(found.information[1]![0]).toBeCloseTo(Math.log(5), 12);
    expect(found.information[0]![0]).toBeCloseTo(0, 12);
  });

  test("is 0 where two dimensions are equally informative", () => {
    const { codes, dim } = codesOf((i) => [shape[i]!, 2 * shape[i]! + 1]);
    expect(mutualInformationGap(codes, dim, [shape]).mig).toBeCloseTo(0, 12);
  });

  test("is 1/2 where a second dimension encodes half of the factor", () => {
    // z_0 encodes all four shapes, z_1 whether it is one of the first two: (log 4 - log 2) / log 4.
    const { codes, dim } = codesOf((i) => [shape[i]!, Number(shape[i]! < 2)]);
    expect(mutualInformationGap(codes, dim, [shape]).mig).toBeCloseTo(0.5, 12);
  });

  test("falls when a perfect code is rotated by 45 degrees", () => {
    const { codes, dim } = codesOf((i) => [shape[i]! + size[i]!, shape[i]! - size[i]!]);
    expect(mutualInformationGap(codes, dim, [shape, size]).mig).toBeLessThan(0.15);
  });

  // Miller 1955: (K_zv - K_z - K_v + 1) / (2 count) nats for the pairs, bins and values that occur.
  test.each([
    ["continuous, in 20 bins", (u: number) => u, 19],
    ["of three values, in 3 of the 20 bins", (u: number) => Math.floor(3 * u), 2],
  ])("of uninformative codes, %s, is the bias of the estimate", (_, code, binsMinusOne) => {
    const informations = Array.from({ length: 100 }, (_each, seed) => {
      const random = stream(seed, "mig");
      const { codes, dim } = codesOf(() => [code(random.uniform()), code(random.uniform())]);
      return mutualInformationGap(codes, dim, [shape, size]).information.map((of) => of[0]!);
    });
    [3, 4].forEach((valuesMinusOne, factor) => {
      const found = informations.map((of) => of[factor]!);
      const mean = found.reduce((sum, v) => sum + v) / found.length;
      const deviation = Math.sqrt(found.reduce((sum, v) => sum + (v - mean) ** 2, 0) / found.length);
      const bias = (binsMinusOne * valuesMinusOne) / (2 * count);
      // The expansion's next term is a few percent of this one.
      expect(Math.abs(mean - bias)).toBeLessThan(0.1 * bias + (4 * deviation) / 10);
    });
  });

  test("has bins of equal width that begin at the smallest code", () => {
    // In two bins 0 and 0.4 are apart from 0.6 and 1: log 2 nats. In the second dimension no value is in the upper half but 1.
    const codes = Float64Array.of(0, 0, 0.4, 0.1, 0.6, 0.2, 1, 1);
    const { information } = mutualInformationGap(codes, 2, [[0, 0, 1, 1]], { bins: 2 });
    expect(information[0]![0]).toBeCloseTo(Math.log(2), 12);
    // p(z, v) of 1/2, 1/4 and 1/4.
    expect(information[0]![1]).toBeCloseTo(0.5 * Math.log(4 / 3) + 0.25 * Math.log(2 / 3) + 0.25 * Math.log(2), 12);
  });

  test("leaves out factors that do not vary, and refuses in one line", () => {
    const { codes, dim } = codesOf((i) => [shape[i]!, size[i]!]);
    const still = new Float64Array(count);
    expect(mutualInformationGap(codes, dim, [still, shape]).gaps).toHaveLength(1);
    expect(() => mutualInformationGap(codes, dim, [still])).toThrow("mig: no factor varies");
    expect(() => mutualInformationGap(codes, 1, [shape])).toThrow("mig: a gap needs two dimensions");
    expect(() => mutualInformationGap(codes, dim, [shape.slice(1)])).toThrow("got 1000 codes and 999 values");
  });
});
