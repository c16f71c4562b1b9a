import { expect, test } from "vitest";
import { createDataset } from "./dataset.ts";
import { degenerateValue, refuseDegenerate } from "./degenerate-values.ts";
import { type Split, whole } from "./split.ts";

const rows = 3000;
/** Values of an example by its number. */
const split = async (of: (i: number) => readonly number[]): Promise<Split> => {
  const values = Float32Array.from(Array.from({ length: rows }, (_, i) => of(i)).flat());
  const shape = [values.length / rows];
  return whole(await createDataset({ name: "rows", description: "", shape, size: rows, values, range: null }));
};
const [u, v] = [(i: number): number => Math.sin(1.7 * i), (i: number): number => Math.cos(0.9 * i * i)];

test("values that vary by themselves have a density, however much they go together", async () => {
  expect(degenerateValue(await split((i) => [u(i), u(i) + 0.1 * v(i), u(i) ** 3]))).toBeUndefined();
});

test("a constant is refused, at any scale, and one that changes once is not", async () => {
  const constant = await split((i) => [u(i), 1e6]);
  expect(() => refuseDegenerate(constant)).toThrow(
    "rows: a density would be infinite, got value 1, which is the same in all training examples, expected values that vary by themselves; leave one of them out",
  );
  expect(degenerateValue(await split((i) => [u(i), i === 2 ? 3 : 2]))).toBeUndefined();
});

test("copies are found in any unit and of any sign, and values that agree but in a few examples are none", async () => {
  for (const [slope, offset] of [
    [1, 0],
    [-2.5, 100],
    [1e-3, -7],
  ] as const)
    expect(degenerateValue(await split((i) => [v(i), u(i), slope * u(i) + offset]))).toEqual({
      value: "value 2",
      why: "a linear function of value 1",
    });
  expect(degenerateValue(await split((i) => [u(i), i === 2 ? u(i) + 0.1 : u(i)]))).toBeUndefined();
});

test("columns of a table are named, and categories are no numbers", async () => {
  const { dataset, indices } = await split((i) => [u(i), Number(i % 2 === 0), Number(i % 2 !== 0), 3 * u(i)]);
  const number = { kind: "number", mean: 0, std: 1, min: -1, max: 1, decimals: 3 } as const;
  const columns = [
    { ...number, name: "length" },
    { kind: "category", name: "sex", values: ["f", "m"] } as const,
    { ...number, name: "size" },
  ];
  expect(() => refuseDegenerate({ dataset: { ...dataset, columns }, indices })).toThrow(
    'rows: a density would be infinite, got column "size", which is a linear function of column "length", expected values that vary by themselves; --drop leaves a column out',
  );
});
