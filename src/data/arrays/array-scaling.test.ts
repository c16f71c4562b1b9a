import { describe, expect, test } from "vitest";
import { firstExamples } from "../first-examples.ts";
import { splitSpec } from "../split-spec.ts";
import { whole } from "../split.ts";
import { arrayDatasets } from "./array-dataset.ts";
import type { ArrayScaling } from "../options.ts";
import type { NamedArray } from "./named-array.ts";
import { toDataUnits, toModelUnits } from "./units.ts";

const read = async (shape: readonly number[], values: NamedArray["values"], scaling?: ArrayScaling) =>
  (await arrayDatasets("a", { whole: { examples: { name: "a.npy", shape, values } } }, scaling && { scaling })).whole!;
const modelInputs = async (...of: Parameters<typeof read>): Promise<number[]> => {
  const dataset = await read(...of);
  return [...firstExamples(whole(dataset), dataset.size)];
};

describe("a run keeps the scale of its arrays", () => {
  const twelveBits = Float32Array.of(0, 1024, 2048, 4095);

  test("images of half the range are half as bright", async () => {
    const scaling = { range: (await read([1, 2, 2], twelveBits)).range };
    expect(scaling).toEqual({ range: [0, 4095] });
    const half = twelveBits.map((v) => v / 2);
    expect(await modelInputs([1, 2, 2], half, scaling)).toEqual(
      (await modelInputs([1, 2, 2], twelveBits)).map((v) => Math.fround(v / 2)),
    );
  });

  test("bytes of 0 and 1 alone are nearly black to a run of bytes", async () => {
    const scaling = { range: (await read([1, 2, 2], Uint8Array.of(0, 9, 200, 255))).range };
    const inputs = await modelInputs([1, 2, 2], Uint8Array.of(0, 1, 1, 0), scaling);
    expect(inputs).toEqual([0, 1 / 255, 1 / 255, 0].map(Math.fround));
    // On their own they are binary.
    expect(await modelInputs([1, 2, 2], Uint8Array.of(0, 1, 1, 0))).toEqual([0, 1, 1, 0]);
  });

  test("real numbers in [0, 1] are refused where bytes up to 255 were learned", async () => {
    await expect(read([1, 2, 2], Float32Array.of(0, 0.5, 0.25, 1), { range: [0, 255] })).rejects.toThrow(
      /^a\.npy: values are not in the units the run was trained on, got real numbers from 0 to 1, expected 0 to 255/,
    );
  });

  test("a constant array of a run's range is no error, on its own it is", async () => {
    expect(await modelInputs([1, 2, 2], new Float32Array(4), { range: [0, 10] })).toEqual([0, 0, 0, 0]);
    await expect(read([1, 2, 2], new Float32Array(4))).rejects.toThrow(/all values are equal/);
  });
});

describe("real numbers of vectors", () => {
  // Pascals, degrees, and seconds since 1970 that a float32 cannot tell apart.
  const sensors = Float64Array.of(101_325, 20, 1_700_000_001, 101_425, 24, 1_700_000_002, 101_225, 16, 1_700_000_003);

  test("are standardized by column, and come back in their units", async () => {
    const dataset = await read([3, 3], sensors);
    const { mean, std } = dataset.standardization!;
    expect(mean).toEqual([101_325, 20, 1_700_000_002]);
    const spread = Math.sqrt(2 / 3);
    std.forEach((s, i) => expect(s).toBeCloseTo([100, 4, 1][i]! * spread, 6));
    const x = firstExamples(whole(dataset), 3);
    [0, 0, -1, 1, 1, 0, -1, -1, 1].forEach((v, i) => expect(x[i]).toBeCloseTo(v / spread, 5));
    expect(dataset.range).toBeNull();
    const spec = splitSpec(whole(dataset));
    expect(spec.standardization).toEqual({ mean, std });
    toDataUnits(spec, x).forEach((v, i) => expect(v).toBe(Math.fround(sensors[i]!)));
    expect([...toModelUnits(spec, sensors)]).toEqual([...x]);
  });

  test("of another file are standardized by those of the run", async () => {
    const { range, standardization } = await read([3, 3], sensors);
    const inputs = await modelInputs([1, 3], Float64Array.of(101_325, 20, 1_700_000_002), {
      range,
      ...(standardization && { standardization }),
    });
    expect(inputs).toEqual([0, 0, 0]);
  });

  test("of another file keep every row, also where they are not finite", async () => {
    const { range, standardization } = await read([3, 3], sensors);
    const holes = Float64Array.from(sensors).fill(Number.NaN, 0, 1).fill(Infinity, 4, 5);
    const other = await read([3, 3], holes, { range, ...(standardization && { standardization }) });
    expect([...firstExamples(whole(other), 3)]).toEqual(
      (await modelInputs([3, 3], sensors)).map((x, i) => (i === 0 || i === 4 ? 0 : x)),
    );
    expect(other.gaps).toEqual([
      { column: "0", kind: "missing", rows: [0] },
      { column: "1", kind: "unknown", text: "Infinity", rows: [1] },
    ]);
  });

  test("a column that does not vary keeps its scale", async () => {
    const { standardization } = await read([2, 2], Float32Array.of(5, 1, 5, 3));
    expect(standardization).toEqual({ mean: [5, 2], std: [1, 1] });
  });

  test("are in the fingerprint by their scale too", async () => {
    const [a, b] = [await read([2, 1], Float32Array.of(2, 4)), await read([2, 1], Float32Array.of(20, 40))];
    expect(firstExamples(whole(a), 2)).toEqual(firstExamples(whole(b), 2));
    expect(a.fingerprint).not.toBe(b.fingerprint);
  });

  test("beyond what can be squared, or not finite, are refused with their example", async () => {
    await expect(read([2, 1], Float64Array.of(1e300, 0))).rejects.toThrow(/too large to standardize, got 1.00e\+300/);
    await expect(read([2, 2], Float32Array.of(1, 2, 3, NaN))).rejects.toThrow(
      /a value is not finite, got NaN in example 1/,
    );
  });
});

test("intensities in [0, 1] and raw values have no other units", () => {
  const x = Float32Array.of(0, 0.5);
  expect(toDataUnits({ range: [0, 1] }, x)).toBe(x);
  expect(toDataUnits({ range: null }, x)).toBe(x);
  expect([...toDataUnits({ range: [-1, 3] }, x)]).toEqual([-1, 1]);
  expect([...toModelUnits({ range: [-1, 3] }, [-1, 1])]).toEqual([0, 0.5]);
});

test("values that float32 does not hold are refused, not infinite", async () => {
  await expect(read([1, 2, 2], Float32Array.of(-3e38, 0, 1, 3e38))).rejects.toThrow(
    "a.npy: a value is too large for float32, got magnitude 3.00e+38, expected at most 1.70e+38",
  );
  await expect(read([2, 1], Float64Array.of(0, 1e60), { range: [0, 1] })).rejects.toThrow("too large for float32");
  const standardization = { mean: [0], std: [1e-3] };
  await expect(read([2, 1], Float64Array.of(0, 1e60), { range: null, standardization })).rejects.toThrow(
    "a.npy: a value is too far from those the run was trained on, got 1e+60 in example 1, expected one that float32",
  );
});
