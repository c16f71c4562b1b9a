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

  test("of uninformative codes is the bias of the estimate", () => {
    const random = stream(0, "mig");
    const { codes, dim } = codesOf(() => [0, 0, 0].map(() => random.uniform()));
    const { information } = mutualInformationGap(codes, dim, [shape, size]);
    // (20 - 1)(4 - 1) / (2 count) nats in expectation (Miller 1955).
    expect(Math.max(...information[0]!)).toBeLessThan(2 * ((19 * 3) / (2 * count)));
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
