import { describe, expect, test } from "vitest";
import { findModel } from "../src/models/registry.ts";
import { dataOptions } from "../src/data/options.ts";
import { findMetric } from "../src/evaluation/metrics/index.ts";
import { rowTraining, wholeConfig } from "../src/runs/studies/reproduce-row.ts";
import { reproductions } from "../src/reproductions/index.ts";

// What a row asks for is read hours into a run at the latest: here at once.
describe.each(reproductions.map((table) => [table.name, table] as const))("%s", (_, table) => {
  test("is read and measured as options and measures have it", () => {
    expect(dataOptions.parse(table.dataOptions ?? {})).toEqual(table.dataOptions ?? {});
    for (const metric of table.metrics) expect(findMetric(metric).name).toBe(metric);
    expect(table.differences.length).toBeGreaterThan(0);
  });

  test.each(table.rows.map((row) => [row.name, row] as const))("row %s has settings of its model", (_name, row) => {
    expect(wholeConfig(findModel(row.model), row.config)).toMatchObject(row.config);
    expect(rowTraining(table, row, {})).toMatchObject({ ...table.training, ...row.training });
    const results = table.columns.map(({ name }) => name);
    expect(results).toEqual(expect.arrayContaining(Object.keys(row.theirs)));
  });
});
