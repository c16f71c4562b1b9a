import { describe, expect, test } from "vitest";
import type { Reproduction } from "../../reproductions/index.ts";
import { rankAgreement, type ReproducedRow, reproductionCells } from "./reproduction-table.ts";

const table: Reproduction = {
  name: "t",
  title: "T",
  paper: "P",
  data: "d",
  training: {},
  seeds: [0, 1, 2, 3],
  metrics: ["frechet"],
  columns: [
    { name: "normal", heading: "N", ours: "frechet", of: ["own", "full-gaussian"], digits: 1 },
    { name: "mixture", heading: "mixture", ours: "frechet", of: ["gmm:10"], digits: 1 },
  ],
  ratios: [{ heading: "N / mixture", over: "normal", under: "mixture" }],
  differences: [],
  rows: [],
};

/** A row with theirs of N and the mixture, and ours of each seed; `prior` is where N's codes are from. */
const row = (
  title: string,
  [normal, mixture]: readonly [number, number],
  ours: readonly (readonly [normal: number, mixture: number])[],
  prior = "full-gaussian",
): ReproducedRow => ({
  row: { name: title, title, model: "m", config: {}, theirs: { normal, mixture } },
  measured: ours.map(([n, m], seed) => ({
    seed,
    epochs: 2,
    trainingSeconds: 61,
    latentkit: "0",
    request: {},
    weights: "",
    examples: 10,
    conditions: {},
    warnings: [],
    failed: {},
    results: [
      { metric: "frechet", name: "frechet", of: "gmm:10", value: m },
      { metric: "frechet", name: "frechet", of: prior, value: n },
    ],
  })),
});

describe("a table run again", () => {
  test("has theirs beside ours, ratios within a row, the median over seeds and each of them", () => {
    const rows = [
      row("A", [58.73, 10.66], [[30, 10]], "own"),
      row(
        "B",
        [20, 10],
        [
          [8, 4],
          [1, 2],
          [6, 1],
          [3, 2],
        ],
      ),
    ];
    const [head, a, b, ...seeds] = reproductionCells(table, rows);
    expect(head).toEqual(["", "N", "ours", "mixture", "ours", "N / mixture", "ours", "epochs", "training"]);
    expect(a).toEqual(["A", "58.7", "30.0", "10.7", "10.0", "5.51", "3.00", "2", "1m01s"]);
    // Medians of 1, 3, 6, 8, of 1, 2, 2, 4 and of 0.5, 1.5, 2, 6.
    expect(b).toEqual(["B", "20.0", "4.5", "10.0", "2.0", "2.00", "1.75", "", ""]);
    expect(seeds.map((cells) => [cells[0], cells[2], cells[6]])).toEqual([
      ["  seed 0", "8.0", "2.00"],
      ["  seed 1", "1.0", "0.50"],
      ["  seed 2", "6.0", "6.00"],
      ["  seed 3", "3.0", "1.50"],
    ]);
  });

  test("has no column of theirs for results that no row reports", () => {
    const { row: published, measured } = row("A", [1, 1], [[4, 2]]);
    const unpublished = { row: { ...published, theirs: {} }, measured };
    const [head, cells] = reproductionCells(table, [unpublished]);
    expect(head).toEqual(["", "N", "mixture", "N / mixture", "epochs", "training"]);
    expect(cells).toEqual(["A", "4.0", "2.0", "2.00", "2", "1m01s"]);
  });

  test("counts the pairs of rows in the same order", () => {
    const rows = [row("A", [1, 1], [[10, 5]]), row("B", [2, 2], [[30, 4]]), row("C", [3, 3], [[20, 3]])];
    expect(rankAgreement(table, rows)).toEqual(["N 2 of 3", "mixture 0 of 3"]);
  });

  test("leaves out of ratios and ranks what was not measured", () => {
    const rows = [row("A", [1, 1], [[1, Number.NaN]]), row("B", [2, 2], [[2, 1]])];
    expect(reproductionCells(table, rows)[1]!.slice(4, 7)).toEqual(["-", "1.00", "-"]);
    expect(rankAgreement(table, rows)).toEqual(["N 1 of 1"]);
  });

  test("marks values that are not verified, and ranks no row by them", () => {
    const { row: published, measured } = row("C", [3, 0.5], [[1, 2]]);
    const unverified = { row: { ...published, unverified: true }, measured };
    const rows = [row("A", [1, 1], [[10, 5]]), row("B", [2, 2], [[30, 4]]), unverified];
    const cells = reproductionCells(table, rows)[3]!;
    expect(cells.slice(0, 7)).toEqual(["C", "3.0?", "1.0", "0.5?", "2.0", "6.00?", "0.50"]);
    expect(rankAgreement(table, rows)).toEqual(["N 1 of 1", "mixture 0 of 1"]);
  });
});
