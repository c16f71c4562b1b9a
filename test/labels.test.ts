import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Command } from "commander";
import { define } from "../src/cli/commands/sample.ts";
import { readNpy } from "../src/data/formats/read-npy.ts";
import { dataSpec } from "../src/data/spec.ts";
import { has } from "../src/evaluation/capabilities.ts";
import { openFile } from "../src/node/data/open-file.ts";
import { findModel, registry } from "../src/models/registry.ts";
import { loadRun } from "../src/node/runs.ts";
import { firstExamples } from "../src/data/first-examples.ts";
import { forExamples } from "../src/evaluation/given-examples.ts";
import { sampleGrid } from "../src/runs/pictures/run-pictures.ts";
import { resumeRun, startRun } from "../src/node/runs.ts";
import type { RunRequest } from "../src/runs/start-run.ts";
import type { TrainingEvent, TrainingRun } from "../src/runs/training-run.ts";
import { cpuDevice } from "../src/runtime/node.ts";
import { trainingSettings } from "../src/training/settings.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-labels-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const data = dataSpec([1, 28, 28], {
  range: [0, 255],
  fields: [{ name: "class", kind: "class", classes: ["a", "b"] }],
});
/** Models that learn from labels. */
const names = registry
  .filter((model) => has(model.build(model.config.parse({}), data), "classConditional"))
  .map(({ name }) => name);

function request(name: string, data: string, steps: number): RunRequest {
  const definition = findModel(name);
  const settings = trainingSettings.parse({ steps, batchSize: 20, checkpointEvery: 4, device: "cpu", threads: 1 });
  const some = definition.name === "m2" && { labeled: 40 };
  const config = definition.config.parse({ latentDim: 2, hiddenDims: [16], ...some });
  return { definition, config, settings, data, binarize: "auto", seed: 2 };
}

async function train(run: TrainingRun): Promise<readonly TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of run.train()) events.push(event);
  await run.close();
  return events;
}

test("there are models that learn from labels", () => {
  expect(names.length).toBeGreaterThan(0);
});

describe.each(names)("%s", (name) => {
  const whole = join(folder, `${name}-whole`);
  let events: readonly TrainingEvent[];
  beforeAll(async () => {
    events = await train(await startRun(request(name, "digits:100", 12), { out: whole }));
  });

  test("resumes from a checkpoint bit for bit", async () => {
    const out = join(folder, `${name}-parts`);
    await train(await startRun(request(name, "digits:100", 4), { out }));
    const rest = await train(await resumeRun(out, { given: { settings: { steps: 12 } } }));
    for (const file of ["weights.safetensors", "optimizer.safetensors"])
      expect(
        readFileSync(join(out, "checkpoints/step-12", file)).equals(
          readFileSync(join(whole, "checkpoints/step-12", file)),
        ),
      ).toBe(true);
    const results = (from: readonly TrainingEvent[]) => from.findLast((e) => e.kind === "validation");
    expect(results(rest)).toEqual(results(events));
  });

  test("scores test examples by their labels, samples a row per class, and reconstructs with own labels", async () => {
    const done = events.at(-1)!;
    expect(done.kind === "done" && Object.values(done.metrics.test).every(Number.isFinite)).toBe(true);
    const { trained, openData } = await loadRun(whole, await cpuDevice(1));
    const grid = await sampleGrid(trained, { count: 95, seed: 1 });
    expect([grid.count, grid.columns]).toEqual([95, 10]);
    expect(grid.sets.map((set) => set.length)).toEqual([95 * 784]);
    const row = await trained.given({ class: [3] }).sample(1, { seed: 1 });
    expect(row).toHaveLength(784);
    const { test: split } = await openData();
    const own = forExamples(trained, split);
    const x = firstExamples(split, 10);
    const labels = [...split.indices].slice(0, 10).map((i) => split.dataset.labels![i]!);
    expect(await own.reconstruct(x)).toEqual(await trained.given({ class: labels }).reconstruct(x));
    expect(await own.reconstruct(x)).not.toEqual(await trained.given({ class: [0] }).reconstruct(x));
    expect(() => trained.given({ class: [10] })).toThrow("class: not a class of the model, got 10, expected 0 to 9");
    expect(() => trained.given({ class: [] })).toThrow("class: not a class of the model, got none, expected 0 to 9");
  });

  test.each([1, 9, 64])("sample --count %i gives exactly so many", async (count) => {
    const file = join(folder, `${name}-${count}.npy`);
    const command = new Command("sample").exitOverride();
    const args = [whole, "--count", String(count), "--out", file, "--threads", "1", "--json"];
    await define(command, args);
    const said = vi.spyOn(console, "log").mockImplementation(() => {});
    try {
      await command.parseAsync(args, { from: "user" });
    } finally {
      said.mockRestore();
    }
    const { shape } = await readNpy((await openFile(file))!);
    expect(shape).toEqual([count, 1, 28, 28]);
  });

  test("refuses data without labels before a run is made", async () => {
    const images = join(folder, "images-idx3-ubyte");
    writeFileSync(
      images,
      Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 28, 0, 0, 0, 28, ...new Uint8Array(40 * 784)),
    );
    const out = `${name}-unlabeled`;
    await expect(startRun(request(name, images, 2), { out: join(folder, out) })).rejects.toThrow(
      "model: it is conditioned on labels, got data without, expected labeled data, such as digits",
    );
    expect(readdirSync(folder)).not.toContain(out);
  });
});
