import { expect, test } from "vitest";
import { stream } from "../../random/index.ts";
import { createDataset } from "../dataset.ts";
import { refuseDegenerate } from "./refuse-degenerate.ts";
import { type Split, whole } from "../split.ts";
import type { Column } from "../tables/column.ts";

const number = (name: string): Column => ({ name, kind: "number", mean: 0, std: 1, min: 0, max: 1, decimals: 2 });
const columns: readonly Column[] = [
  number("age"),
  { name: "sex", kind: "category", values: ["f", "m"] },
  number("body mass"),
  number("height"),
];

async function table(row: (random: () => number) => readonly number[], count = 400): Promise<Split> {
  const random = stream(0, "rows");
  const rows = Array.from({ length: count }, () => row(() => random.normal()));
  const shape = [rows[0]!.length];
  const values = Float32Array.from(rows.flat());
  return whole(
    await createDataset({ name: "people", description: "", shape, size: count, values, range: null, columns }),
  );
}

test("a column that is constant or follows from others is named, and how to leave it out", async () => {
  const refusal = async (row: (random: () => number) => readonly number[]): Promise<() => void> => {
    const split = await table(row);
    return () => refuseDegenerate("maf", split);
  };
  const expected = `expected values that differ and that do not follow from others; --drop "body mass" leaves it out`;
  expect(await refusal((z) => [z(), 0, 1, 0.25, z()])).toThrow(
    `maf: the density of the examples is infinite, got column "body mass" with the same value in every training example, ${expected}`,
  );
  expect(
    await refusal((z) => {
      const age = z();
      return [age, 0, 1, 1 - 3 * age, z()];
    }),
  ).toThrow(`got column "body mass" as a linear function of column "age", ${expected}`);
  expect(
    await refusal((z) => {
      const [age, mass] = [z(), z()];
      return [age, 0, 1, mass, age + 2 * mass];
    }),
  ).toThrow(`got column "height" as a linear function of the columns before it`);
});

test("columns that nearly follow from others, and categories that do, are as they are", async () => {
  const split = await table((z) => {
    const age = z();
    return [age, 1, 0, age + 1e-3 * z(), z()];
  });
  expect(() => refuseDegenerate("maf", split)).not.toThrow();
});

test("of fewer examples than columns only pairs are compared", async () => {
  const few = await table((z) => [z(), 0, 1, z(), z()], 4);
  expect(() => refuseDegenerate("maf", few)).not.toThrow();
});

test("a value of a vector is told by its place", async () => {
  const values = Float32Array.from({ length: 300 }, (_, i) => (i % 3 === 1 ? 2 : Math.sin(i)));
  const split = whole(await createDataset({ name: "v", description: "", shape: [3], size: 100, values, range: null }));
  expect(() => refuseDegenerate("spline-flow", split)).toThrow(
    "spline-flow: the density of the examples is infinite, got value 1 with the same value in every training example, expected values that differ and that do not follow from others",
  );
});
