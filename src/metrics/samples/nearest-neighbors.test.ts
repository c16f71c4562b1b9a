import { describe, expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { nearestNeighbors } from "./nearest-neighbors.ts";
import { squaredDistances } from "./squared-distances.ts";

const randomRows = (count: number, dim: number, name: string): Float32Array => {
  const random = stream(0, name);
  return Float32Array.from({ length: count * dim }, () => random.normal());
};
const distance = (a: Float32Array, i: number, b: Float32Array, j: number, dim: number): number => {
  let sum = 0;
  for (let k = 0; k < dim; k++) sum += (a[i * dim + k]! - b[j * dim + k]!) ** 2;
  return sum;
};

describe("squared distances", () => {
  // Sizes below, at and across whole blocks and tiles.
  test.each([
    [1, 1, 1],
    [3, 130, 7],
    [129, 128, 2],
    [131, 257, 5],
  ])(
    "of %i rows to %i rows of %i numbers are the sums of squared differences, each pair once",
    (rows, columns, dim) => {
      const [a, b] = [randomRows(rows, dim, "a"), randomRows(columns, dim, "b")];
      const found = new Float64Array(rows * columns);
      let pairs = 0;
      squaredDistances(a, b, dim, (i, from, distances) => {
        found.set(distances, i * columns + from);
        pairs += distances.length;
      });
      expect(pairs).toBe(rows * columns);
      const expected = Float64Array.from(found, (_, at) => distance(a, Math.floor(at / columns), b, at % columns, dim));
      expect(found).toEqual(expected);
    },
  );

  test("keep what float32 would lose: 1 beside 10^8", () => {
    squaredDistances(Float64Array.of(1e8 + 1), Float64Array.of(1e8), 1, (_, __, found) => expect(found[0]).toBe(1));
  });
});

describe("nearest neighbors", () => {
  test("are those found by sorting, themselves left out", () => {
    const [count, dim, k] = [150, 3, 4];
    const rows = randomRows(count, dim, "rows");
    const { squaredDistances: found, indices } = nearestNeighbors(rows, rows, dim, k);
    for (let i = 0; i < count; i++) {
      const sorted = Array.from({ length: count }, (_, j) => j)
        .filter((j) => j !== i)
        .toSorted((p, q) => distance(rows, i, rows, p, dim) - distance(rows, i, rows, q, dim));
      expect([...indices.subarray(i * k, i * k + k)]).toEqual(sorted.slice(0, k));
      expect([...found.subarray(i * k, i * k + k)]).toEqual(
        sorted.slice(0, k).map((j) => distance(rows, i, rows, j, dim)),
      );
    }
  });

  test("on a line: 0 1 3 7 to 2 is at 1, 1, 4 of the first three, the first of equal ones first", () => {
    const { squaredDistances: found, indices } = nearestNeighbors(
      Float32Array.of(2),
      Float32Array.of(0, 1, 3, 7),
      1,
      3,
    );
    expect([...found]).toEqual([1, 1, 4]);
    expect([...indices]).toEqual([1, 2, 0]);
  });
});
