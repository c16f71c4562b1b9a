import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rocAuc } from "../src/metrics/roc-auc.ts";
import { vae } from "../src/models/vaes/vae.ts";
import { train } from "../src/node/train.ts";
import { stream } from "../src/random/index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "latentkit-shuffled-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ROWS = 800;
type Rows = readonly (readonly string[])[];

function file(name: string, rows: Rows): string {
  const path = join(folder, name);
  writeFileSync(path, `a,b,c\n${rows.map((row) => `${row.join(",")}\n`).join("")}`);
  return path;
}

/** Rows whose three columns depend on each other, or not. */
function table(name: string, dependent: boolean): Rows {
  const random = stream(0, name);
  return Array.from({ length: ROWS }, () => {
    const [first, second, third] = [random.normal(), random.normal(), random.normal()];
    const [b, c] = dependent ? [first + 0.2 * second, first + 0.2 * third] : [second, third];
    return [(20 + 5 * first).toFixed(2), (300 * b).toFixed(1), c > 0 ? "high" : "low"];
  });
}

/** Each column in a random order of its own. */
function shuffledColumns(rows: Rows): Rows {
  const columns = rows[0]!.map((_, i) => {
    const order = stream(0, "shuffled", i).permutation(rows.length);
    return Array.from(order, (from) => rows[from]![i]!);
  });
  return rows.map((_, row) => columns.map((column) => column[row]!));
}

/** The AUC of a score between rows that were not trained on, and the same with shuffled columns. */
async function areaOf(name: string, dependent: boolean): Promise<number> {
  const rows = table(name, dependent);
  const held = rows.slice(ROWS / 2);
  const run = await train(vae({ latentDim: 2, hiddenDims: [32] }), file(`${name}.csv`, rows.slice(0, ROWS / 2)), {
    steps: 300,
    learningRate: 5e-3,
  });
  const scores = async (path: string): Promise<Float64Array> =>
    (await run.score({ split: await run.open(path), scores: ["negElbo"], samples: 20 })).get("negElbo")!;
  const real = await scores(file(`${name}-held.csv`, held));
  const shuffled = await scores(file(`${name}-shuffled.csv`, shuffledColumns(held)));
  await run.release();
  return rocAuc(
    [...real, ...shuffled],
    [...real, ...shuffled].map((_, i) => i >= real.length),
  );
}

test("rows whose columns do not belong together score as anomalies", async () => {
  expect(await areaOf("dependent", true)).toBeGreaterThan(0.75);
});

// Shuffling such rows changes nothing.
test("rows of independent columns score alike when these are shuffled", async () => {
  expect(Math.abs((await areaOf("independent", false)) - 0.5)).toBeLessThan(0.06);
});
