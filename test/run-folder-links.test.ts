import { cpSync, lstatSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LatentkitError } from "../src/errors.ts";
import { findModel } from "../src/models/registry.ts";
import { loadRun, resumeRun, startRun } from "../src/node/runs.ts";
import { runDensity } from "../src/runs/density.ts";
import { writeReport } from "../src/runs/reports/run-report.ts";
import { cpuDevice } from "../src/runtime/node.ts";
import { trainingSettings } from "../src/training/settings.ts";
import { follow } from "./follow-training.ts";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "latentkit-links-"));
  path = join(folder, "whole");
  const training = await startRun(
    {
      definition: findModel("vae"),
      config: { hiddenDims: [8], latentDim: 2 },
      settings: trainingSettings.parse({
        device: "cpu",
        threads: 1,
        batchSize: 20,
        epochs: 2,
        tensorboard: true,
        picturesEvery: 1,
      }),
      data: "digits:100",
      binarize: "auto",
      seed: 0,
    },
    { out: path },
  );
  await follow(training);
  await explored(path);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Loads a run, fits a density or takes the one that is kept, and writes a picture and the report. */
async function explored(run: string): Promise<void> {
  const loaded = await loadRun(run, await cpuDevice(1), { checkpoint: "last" });
  await runDensity(loaded, "gaussian");
  await loaded.run.writeSample("samples.png", "picture");
  await writeReport({ ...loaded, openData: () => loaded.openData() });
  await loaded.trained.release();
}

/** Everything in a folder, below it too, with sizes and times of change. */
const listing = (place: string): readonly string[] =>
  readdirSync(place, { recursive: true, encoding: "utf8" })
    .toSorted()
    .map((name) => {
      const { size, mtimeMs, ctimeMs } = lstatSync(join(place, name));
      return `${name} ${size} ${mtimeMs} ${ctimeMs}`;
    });

// A link in place of what is read, or of a folder, is refused; of what is only written, it is replaced.
test.each([
  ["run.json", "refused"],
  ["metrics.jsonl", "refused"],
  ["checkpoints", "refused"],
  ["checkpoints/step-10", "refused"],
  ["checkpoints/step-10/state.json", "refused"],
  ["checkpoints/step-10/weights.safetensors", "refused"],
  ["checkpoints/step-10/optimizer.safetensors", "refused"],
  ["densities", "refused"],
  ["densities/step-10-gaussian", "refused"],
  ["densities/step-10-gaussian/density.json", "refused"],
  ["densities/step-10-gaussian/density.safetensors", "refused"],
  ["samples", "refused"],
  ["tensorboard", "refused"],
  ["samples/samples.png", "replaced"],
  ["report.html", "replaced"],
])("a link in place of %s is not followed, but %s", async (name, how) => {
  const run = mkdtempSync(join(folder, "run-"));
  cpSync(path, run, { recursive: true });
  const outside = join(mkdtempSync(join(folder, "outside-")), "it");
  renameSync(join(run, name), outside);
  symlinkSync(outside, join(run, name));
  const before = listing(dirname(outside));
  const attempt = (async () => {
    await explored(run);
    await follow(await resumeRun(run, { given: { settings: { epochs: 3 } } }));
  })();
  if (how === "refused") {
    await expect(attempt).rejects.toThrow(LatentkitError);
    await expect(attempt).rejects.toThrow(/^\S+: [^\n]* got [^\n]* expected [^\n]*$/);
  } else await attempt;
  expect(listing(dirname(outside))).toEqual(before);
});
