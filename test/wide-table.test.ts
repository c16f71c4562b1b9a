import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { pca } from "../src/models/autoencoders/pca.ts";
import { load, train } from "../src/node/train.ts";
import { stream } from "../src/random/index.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-wide-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a run on a table of many columns can be read again", async () => {
  const [columns, rows] = [150, 1100];
  const random = stream(0, "wide");
  const path = join(folder, "wide.csv");
  const names = Array.from({ length: columns }, (_, i) => `c${i}`);
  // Skewed, so that every column is scaled by its quantiles.
  const lines = Array.from({ length: rows }, () => names.map(() => Math.exp(random.normal()).toFixed(6)).join());
  writeFileSync(path, [names.join(), ...lines].join("\n"));
  const out = join(folder, "run");
  await (await train(pca({ latentDim: 2 }), path, { out })).release();
  expect(statSync(join(out, "run.json")).size).toBeGreaterThan(1_000_000);
  const run = await load(out);
  expect(await run.sample(3)).toHaveLength(3 * columns);
  await run.release();
});
