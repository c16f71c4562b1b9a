import { describe, expect, test } from "vitest";
import { findModel } from "../models/registry.ts";
import { dataOptions } from "../data/options.ts";
import { findMetric } from "../evaluation/metrics/index.ts";
import { rowTraining } from "../runs/studies/reproduce-row.ts";
import { reproductions } from "./index.ts";

describe.each(reproductions)("$name", (table) => {
  test("names existing models, settings, data and metrics", () => {
    for (const row of table.rows) {
      const { config } = findModel(row.model);
      expect(config.safeParse(row.config).error, row.name).toBeUndefined();
      expect(rowTraining(table, row, {})).toMatchObject({ ...table.training, ...row.training });
    }
    expect(dataOptions.safeParse(table.dataOptions ?? {}).error).toBeUndefined();
    for (const name of table.metrics) expect(findMetric(name).name).toBe(name);
  });

  test("reports values of its columns, in rows of different names", () => {
    const columns = new Set(table.columns.map(({ name }) => name));
    for (const { theirs } of table.rows) for (const name of Object.keys(theirs)) expect(columns).toContain(name);
    expect(new Set(table.rows.map(({ name }) => name)).size).toBe(table.rows.length);
  });
});
