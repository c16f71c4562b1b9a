/**
 * Whether anomaly scores see how columns belong together: trains on half of a table, then scores the other half as it is, and with each column
 * shuffled on its own, which leaves every column's distribution as it was. Prints the area under the ROC curve of each score.
 *
 *   node bench/shuffled-rows.mjs table.csv [steps] [model]
 *
 * Fields are separated by commas, semicolons or blanks, and none is quoted.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findModel } from "../dist/models/index.js";
import { rocAuc } from "../dist/metrics/index.js";
import { stream } from "../dist/random/index.js";
import { train } from "../dist/node/index.js";

const [file, steps = "3000", model = "vae"] = process.argv.slice(2);
if (!file) throw new Error("shuffled-rows: no table, expected node bench/shuffled-rows.mjs table.csv [steps] [model]");
const folder = mkdtempSync(join(tmpdir(), "latentkit-shuffled-"));
try {
  const fields = readFileSync(file, "utf8")
    .trim()
    .split(/\r?\n/)
    .map((line) => line.trim().split(/[,;]|\s+/));
  const named = fields[0].every((field) => Number.isNaN(Number(field)));
  const header = named ? fields[0] : fields[0].map((_, i) => `column${i + 1}`);
  const rows = shuffled(named ? fields.slice(1) : fields, "rows");
  const half = Math.floor(rows.length / 2);
  const held = rows.slice(half);
  const columns = header.map((name, i) =>
    shuffled(
      held.map((row) => row[i]),
      name,
    ),
  );
  const path = write("half", header, rows.slice(0, half));
  const real = write("real", header, held);
  const broken = write(
    "shuffled",
    header,
    held.map((_, row) => columns.map((column) => column[row])),
  );

  const run = await train(findModel(model)(), path, { steps: Number(steps), seed: 0 });
  const of = await run.score({ split: await run.open(real), samples: 50 });
  const shuffledOf = await run.score({ split: await run.open(broken), samples: 50 });
  console.log(`${file}, ${model}, ${steps} steps: ${half} rows to train on, ${held.length} to score`);
  for (const [name, values] of of) {
    const others = shuffledOf.get(name);
    const isShuffled = [...values].map(() => false).concat([...others].map(() => true));
    console.log(`${name.padEnd(16)}AUC ${rocAuc([...values, ...others], isShuffled).toFixed(4)}`);
  }
  await run.release();
} finally {
  rmSync(folder, { recursive: true });
}

/** @template T @param {readonly T[]} values @param {string} name @returns {T[]} in a random order of its own */
function shuffled(values, name) {
  return Array.from(stream(0, "shuffled rows", name).permutation(values.length), (from) => values[from]);
}

/** @param {string} name @param {readonly string[]} header @param {readonly (readonly string[])[]} rows */
function write(name, header, rows) {
  const path = join(folder, `${name}.csv`);
  writeFileSync(path, [header, ...rows].map((row) => `${row.join(",")}\n`).join(""));
  return path;
}
