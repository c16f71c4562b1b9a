import { expect, test } from "vitest";
import { columnKinds } from "./column-kinds.ts";

test("columns are shown with the scaling that a model sees them by", () => {
  const number = { kind: "number", mean: 2, std: 1.5, min: 1, max: 3, decimals: 0 } as const;
  expect(
    columnKinds([
      { ...number, name: "age" },
      { ...number, name: "price", decimals: 2, places: 2, quantiles: [1, 3] },
      { ...number, name: "day", date: "YYYY-MM-DD", min: 0, max: 86_400 },
      { name: "color", kind: "category", values: ["a", "b", "c", "d", "e", "f", "g"] },
    ]),
  ).toBe(
    [
      "column  kind        scaling       values",
      "age     numbers     standardized  mean 2.000, std 1.500, from 1 to 3",
      "price   numbers     quantiles     mean 2.000, std 1.500, from 1.00 to 3.00",
      "day     dates       standardized  from 1970-01-01 to 1970-01-02, written YYYY-MM-DD",
      "color   categories  one-hot       7: a, b, c, d, e, f, and 1 more",
    ].join("\n"),
  );
});
