import { describe, expect, test } from "vitest";
import { normalProbability } from "../../normal-quantile.ts";
import { stream } from "../../random/index.ts";
import { rowsOf, type TableColumns } from "./table-columns.ts";
import { trainOnSynthetic, treeTwoSample } from "./tree-tests.ts";

const rows = 3000;

/** Two independent normal numbers around `mean`, and a category of three. */
function normals(seed: number, mean = 0, count = rows): TableColumns {
  const random = stream(seed, "table");
  const column = (about: number) =>
    ({ kind: "number", values: Float64Array.from({ length: count }, () => random.normal() + about) }) as const;
  return [
    column(mean),
    column(0),
    { kind: "category", values: Uint16Array.from({ length: count }, () => 3 * random.uniform()), categories: 3 },
  ];
}

/** A fair coin, beside a number that is `apart` higher where it is 1, and one that is noise. */
function labeled(seed: number, apart: number, count = rows): TableColumns {
  const random = stream(seed, "labeled");
  const coins = Uint16Array.from({ length: count }, () => 2 * random.uniform());
  const shifted = Float64Array.from(coins, (coin) => random.normal() + apart * coin);
  return [
    { kind: "number", values: shifted },
    { kind: "category", values: coins, categories: 2 },
    { kind: "number", values: Float64Array.from({ length: count }, () => random.normal()) },
  ];
}

describe("the two-sample test by trees", () => {
  test("is at chance for rows of one distribution", () => {
    const { auc, interval, tested } = treeTwoSample(normals(1), normals(2));
    expect(tested).toBe(rows);
    expect(interval[0]).toBeLessThan(0.5);
    expect(interval[1]).toBeGreaterThan(0.5);
    expect(Math.abs(auc - 0.5)).toBeLessThan(0.03);
  });

  // The likelihood ratio of N(d, 1) to N(0, 1) has the area Phi(d / sqrt(2)).
  test.each([0.5, 1, 2])("reaches the area of the likelihood ratio of normals %d apart", (apart) => {
    const best = normalProbability(apart / Math.SQRT2);
    const { auc } = treeTwoSample(normals(1, apart), normals(2));
    expect(auc).toBeLessThan(best + 0.02);
    expect(auc).toBeGreaterThan(best - 0.06);
  });

  test("sees a dependence that no marginal has", () => {
    const [x, y, z] = normals(3) as [TableColumns[0], TableColumns[0], TableColumns[0]];
    const dependent = { kind: "number", values: Float64Array.from(x.values, (v) => v * (v > 0 ? 1 : -1)) } as const;
    const shuffled = { kind: "number", values: Float64Array.from(normals(4)[0]!.values, Math.abs) } as const;
    expect(treeTwoSample([x, dependent, z], [x, shuffled, z]).auc).toBeGreaterThan(0.95);
    expect(treeTwoSample([x, y, z], normals(5)).auc).toBeLessThan(0.55);
  });

  test("tells apart all rows of tables that have none in common, few as they are", () => {
    expect(treeTwoSample(normals(1, 100, 20), normals(2, 0, 20))).toMatchObject({ auc: 1, tested: 20 });
  });

  test("does not depend on the order of rows: a sorted table is as any", () => {
    const table = normals(6);
    const order = Uint32Array.from(table[0]!.values.keys()).toSorted(
      (a, b) => table[0]!.values[a]! - table[0]!.values[b]!,
    );
    expect(Math.abs(treeTwoSample(rowsOf(table, order), normals(7, 0, 500)).auc - 0.5)).toBeLessThan(0.08);
  });

  test("needs 20 rows of each", () => {
    expect(() => treeTwoSample(normals(1, 0, 19), normals(2))).toThrow(
      "c2st: too few rows, got 19, expected at least 20",
    );
  });
});

describe("trained on synthetic, tested on real", () => {
  const [training, test_] = [labeled(1, 1.5), labeled(2, 1.5)];
  const best = normalProbability(1.5 / Math.SQRT2);

  test("samples of the distribution are as good as real rows", () => {
    const { real, synthetic } = trainOnSynthetic({ samples: labeled(3, 1.5), training, test: test_ }, 1);
    for (const { auc, tested } of [real, synthetic]) {
      expect(tested).toBe(rows);
      expect(auc).toBeLessThan(best + 0.02);
      expect(auc).toBeGreaterThan(best - 0.06);
    }
    expect(Math.abs(real.auc - synthetic.auc)).toBeLessThan(0.03);
  });

  test("samples without the dependence are at chance, and reversed ones below it", () => {
    const auc = (apart: number): number =>
      trainOnSynthetic({ samples: labeled(3, apart), training, test: test_ }, 1).synthetic.auc;
    expect(Math.abs(auc(0) - 0.5)).toBeLessThan(0.05);
    expect(auc(-1.5)).toBeLessThan(1 - best + 0.06);
  });

  test("samples of one class alone teach nothing", () => {
    const [x, , y] = labeled(3, 1.5) as [TableColumns[0], TableColumns[0], TableColumns[0]];
    const samples = [x, { kind: "category", values: new Uint16Array(rows), categories: 2 } as const, y];
    expect(trainOnSynthetic({ samples, training, test: test_ }, 1).synthetic.auc).toBeCloseTo(0.5, 1);
  });

  test("is refused for another target, and for one class in the test rows", () => {
    const tables = { samples: training, training, test: test_ };
    expect(() => trainOnSynthetic(tables, 0)).toThrow("the target is no column of two categories, got number");
    expect(() => trainOnSynthetic(tables, 5)).toThrow("the target is no column of two categories, got none");
    const [x, , y] = test_ as [TableColumns[0], TableColumns[0], TableColumns[0]];
    const one = [x, { kind: "category", values: new Uint16Array(rows), categories: 2 } as const, y];
    expect(() => trainOnSynthetic({ ...tables, test: one }, 1)).toThrow("the test rows have one class alone");
  });
});
