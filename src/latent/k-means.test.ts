import { describe, expect, test } from "vitest";
import { stream } from "../random/index.ts";
import { kMeans } from "./k-means.ts";

const dim = 2;
const codesOf = (count: number, key: number): Float64Array => {
  const random = stream(key, "codes");
  return Float64Array.from({ length: count * dim }, () => random.normal());
};
const squared = (a: ArrayLike<number>, b: ArrayLike<number>): number => (a[0]! - b[0]!) ** 2 + (a[1]! - b[1]!) ** 2;

// Lloyd's algorithm ends where no code is nearer to another cluster's mean than to its own.
test.each([0, 1, 2, 3, 4, 5, 6, 7])("each code ends in the cluster whose mean is nearest, codes %i", (key) => {
  const [count, clusters] = [60, 4];
  const codes = codesOf(count, key);
  const nearest = kMeans(codes, dim, clusters, stream(key, "k-means"));
  const rowOf = (n: number): Float64Array => codes.subarray(n * dim, (n + 1) * dim);
  const means = Array.from({ length: clusters }, (_, k) => {
    const members = Array.from({ length: count }, (_each, n) => n).filter((n) => nearest[n] === k);
    expect(members.length).toBeGreaterThan(0);
    return [0, 1].map((i) => members.reduce((sum, n) => sum + rowOf(n)[i]!, 0) / members.length);
  });
  for (let n = 0; n < count; n++) {
    const own = squared(rowOf(n), means[nearest[n]!]!);
    for (const mean of means) expect(own).toBeLessThanOrEqual(squared(rowOf(n), mean) + 1e-12);
  }
});

describe("careful seeding", () => {
  test("finds clusters far apart, however unlike their sizes", () => {
    // 100, 10 and 3 codes about (0, 0), (100, 0) and (0, 100).
    const centers = [
      [0, 0],
      [100, 0],
      [0, 100],
    ];
    const sizes = [100, 10, 3];
    for (let key = 0; key < 20; key++) {
      const clusterOf = sizes.flatMap((size, k) => Array.from({ length: size }, () => k));
      const codes = codesOf(113, key).map((v, at) => v + centers[clusterOf[Math.floor(at / dim)]!]![at % dim]!);
      const nearest = kMeans(codes, dim, 3, stream(key, "k-means"));
      const groups = [nearest.subarray(0, 100), nearest.subarray(100, 110), nearest.subarray(110)];
      for (const group of groups) expect(new Set(group).size).toBe(1);
      expect(new Set(groups.map(([first]) => first)).size).toBe(3);
    }
  });

  test("begins at any code, with the same probability", () => {
    // Two codes on either side: the first cluster is that of the first code picked.
    const codes = Float64Array.of(0, 0, 1, 0, 100, 0, 101, 0);
    const first = Array.from({ length: 200 }, (_, key) => kMeans(codes, dim, 2, stream(key, "k-means"))[0]!);
    // Binomial(200, 1/2) has standard deviation 7.
    expect(Math.abs(first.filter((k) => k === 0).length - 100)).toBeLessThan(28);
  });

  // As many as scikit-learn's KMeans: 2 + int(numpy.log(n_clusters)).
  test.each([
    [1, 2],
    [2, 2],
    [3, 3],
    [7, 3],
    [8, 4],
  ])("of %i clusters samples %i codes for each center but the first", (clusters, trials) => {
    const [used, expected] = [stream(3, "k-means"), stream(3, "k-means")];
    kMeans(codesOf(60, 1), dim, clusters, used);
    expected.int(60);
    for (let n = 0; n < (clusters - 1) * trials; n++) expected.uniform();
    expect(used.uniform()).toBe(expected.uniform());
  });

  test("codes that coincide leave clusters empty", () => {
    expect([...kMeans(new Float64Array(10), dim, 3, stream(0, "k-means"))]).toEqual([0, 0, 0, 0, 0]);
  });
});
