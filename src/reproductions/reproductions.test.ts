import { describe, expect, test } from "vitest";
import { findModel } from "../models/registry.ts";
import { dataOptions } from "../data/options.ts";
import { findMetric } from "../evaluation/metrics/index.ts";
import { rowTraining, wholeConfig } from "../runs/studies/reproduce-row.ts";
import { raeTable1 } from "./rae-table-1.ts";
import { iwaeTable1 } from "./iwae-table-1.ts";
import { reproductions } from "./index.ts";

describe.each(reproductions)("$name", (table) => {
  test("names existing models, settings, data and metrics", () => {
    for (const row of table.rows) {
      expect(() => wholeConfig(findModel(row.model), row.config), row.name).not.toThrow();
      expect(rowTraining(table, row, {})).toMatchObject({ ...table.training, ...row.training });
    }
    expect(dataOptions.safeParse(table.dataOptions ?? {}).error).toBeUndefined();
    for (const name of table.metrics) expect(findMetric(name).name).toBe(name);
  });

  test("trains to the end and keeps the last weights, as the papers do", () => {
    for (const row of table.rows) expect(rowTraining(table, row, {}).patience, row.name).toBe(0);
  });

  test("reports values of its columns, in rows of different names", () => {
    const columns = new Set(table.columns.map(({ name }) => name));
    for (const { theirs } of table.rows) for (const name of Object.keys(theirs)) expect(columns).toContain(name);
    expect(new Set(table.rows.map(({ name }) => name)).size).toBe(table.rows.length);
  });
});

// arXiv:1509.00519, table 1, MNIST: layers, k, then NLL and active units of the VAE and of the IWAE.
test.each([
  ["VAE, k = 1", 86.76, 19],
  ["VAE, k = 5", 86.47, 20],
  ["IWAE, k = 5", 85.54, 22],
  ["VAE, k = 50", 86.35, 20],
  ["IWAE, k = 50", 84.78, 25],
  ["two layers, IWAE, k = 1", 85.33, 16, 5],
  ["two layers, VAE, k = 5", 85.01],
  ["two layers, IWAE, k = 5", 83.89, 21, 5],
  ["two layers, VAE, k = 50", 84.78],
  ["two layers, IWAE, k = 50", 82.9, 26, 7],
])("iwae-table-1 has %s as published, and its objective", (title, nll, activeUnits?, topActiveUnits?) => {
  const row = iwaeTable1.rows.find((each) => each.title === title)!;
  expect(row.theirs).toEqual({ nll, activeUnits, ...(topActiveUnits && { topActiveUnits }) });
  expect(row.config["samples"]).toBe(Number(/\d+$/.exec(title)![0]));
  if (row.model === "two-layer") expect(row.config["objective"]).toBe(title.includes("VAE") ? "vae" : "iwae");
  // The authors differentiate the bound itself.
  if (row.model === "iwae") expect(row.config["gradient"]).toBe("standard");
});

test("iwae-table-1 holds 400 images out, and adds the authors' epsilon, of gradients summed over batches of 20", () => {
  expect(iwaeTable1.dataOptions).toEqual({ validation: 400 });
  expect(iwaeTable1.training.epsilon).toBeCloseTo(5e-6, 12);
});

test("rae-table-1 has the authors' weights, and says which row is not verified", () => {
  const config = Object.fromEntries(raeTable1.rows.map((row) => [row.title, row.config]));
  expect(config).toMatchObject({
    VAE: { std: 0.395 },
    WAE: { lambda: 30.7 },
    "RAE-GP": { beta: 0.0128, lambda: 1e-4 },
    "RAE-L2": { beta: 0.0128, lambda: 1e-4 },
    "RAE-SN": { beta: 1.15 },
    RAE: { beta: 0.064 },
    "AE-L2": { beta: 0, lambda: 1e-4 },
  });
  expect(raeTable1.rows.filter(({ unverified }) => unverified).map(({ title }) => title)).toEqual(["AE-L2"]);
});
