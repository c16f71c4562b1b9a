import { cpSync, readdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { smallConfigs } from "./small-configs.ts";
import { has, lacking } from "../src/evaluation/capabilities.ts";
import { registry } from "../src/models/registry.ts";
import { loadRun } from "../src/node/runs.ts";
import type { LoadedRun } from "../src/runs/load-run.ts";
import { firstExamples } from "../src/data/first-examples.ts";
import { givesMeans } from "../src/evaluation/samples/shown-samples.ts";
import { forExamples } from "../src/evaluation/given-examples.ts";
import { resumeRun, startRun } from "../src/node/runs.ts";
import type { TrainingEvent, TrainingRun } from "../src/runs/training-run.ts";
import { cpuDevice } from "../src/runtime/node.ts";
import { trainingSettings } from "../src/training/settings.ts";

// What every model owes, with the settings a person gets who gives none.
const folder = mkdtempSync(join(tmpdir(), "latentkit-models-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [steps, half] = [24, 12];
const exampleSize = 28 * 28;

async function follow(run: TrainingRun): Promise<readonly TrainingEvent[]> {
  const events: TrainingEvent[] = [];
  for await (const event of run.train()) events.push(event);
  await run.close();
  return events;
}
const finite = (values: ArrayLike<number>): boolean => Array.from(values).every(Number.isFinite);

describe.each(registry.map((definition) => [definition.name, definition] as const))("%s", (_, definition) => {
  const out = join(folder, definition.name);
  const settings = { steps, batchSize: 20, checkpointEvery: half, device: "cpu", threads: 1 };
  let events: readonly TrainingEvent[];
  let run: LoadedRun;
  let source: TrainingRun["source"];
  beforeAll(async () => {
    const config = smallConfigs[definition.name] ?? {};
    const request = { definition, config, data: "digits:200", binarize: "auto" as const, seed: 3 };
    const training = await startRun({ ...request, settings: trainingSettings.parse(settings) }, { out });
    ({ source } = training);
    events = await follow(training);
    run = await loadRun(out, await cpuDevice(1));
  });
  afterAll(async () => {
    await run.trained.store.release();
    await run.run.close();
  });

  test("takes steps that lower its loss, or none", () => {
    const metrics = events.flatMap((event) => (event.kind === "step" && event.metrics ? [event.metrics] : []));
    const losses = metrics.map((each) => each["loss"] ?? each["nll"] ?? each["negElbo"]!);
    if (run.trained.model.solve) expect(losses).toEqual([]);
    // The losses of a game need not fall.
    else if (!("loss" in metrics[0]!)) expect(metrics.every((each) => finite(Object.values(each)))).toBe(true);
    else expect(losses.at(-1)!).toBeLessThan(losses[0]!);
  });

  test("scores validation and test examples in finite metrics of the same names", () => {
    const done = events.at(-1);
    if (done?.kind !== "done") throw new Error(`training ended with ${done?.kind}, expected done`);
    const { validation, test: results } = done.metrics;
    if (!run.trained.model.validation) return expect([validation, results]).toEqual([{}, {}]);
    expect(Object.keys(results).length).toBeGreaterThan(0);
    expect(Object.keys(validation)).toEqual(Object.keys(results));
    expect(finite([...Object.values(validation), ...Object.values(results)])).toBe(true);
    expect(done.best?.metric).toBe(Object.keys(results)[0]);
  });

  test("resumes from a checkpoint bit for bit", async () => {
    const last = `checkpoints/step-${run.step}`;
    const again = `${out}-again`;
    cpSync(out, again, { recursive: true });
    // All that came after the half: the best one may be before the last.
    for (const name of readdirSync(join(again, "checkpoints")))
      if (Number(name.replace("step-", "")) > half) rmSync(join(again, "checkpoints", name), { recursive: true });
    await follow(await resumeRun(again));
    const bytes = (path: string): Buffer => readFileSync(join(path, last, "weights.safetensors"));
    expect(bytes(again).equals(bytes(out))).toBe(true);
  });

  test("gives examples of the data's shape, and codes of its own, wherever it can", async () => {
    const trained = forExamples(run.trained, source.test);
    const x = firstExamples(source.test, 3);
    const { model } = trained;
    const made = {
      ...(has(model, "reconstruct") && { reconstruct: await trained.reconstruct(x) }),
      ...(has(model, "sample") && { sample: await trained.sample(3) }),
      ...(givesMeans(model) && { means: await trained.sample(3, { mean: true }) }),
      ...(has(model, "denoise") && { corrupt: await trained.corrupt(x) }),
    };
    expect(Object.keys(made).length).toBeGreaterThan(0);
    for (const [name, values] of Object.entries(made)) {
      expect(values, name).toHaveLength(3 * exampleSize);
      expect(finite(values), name).toBe(true);
    }
    if (lacking(model, ["encode", "vector"])) return;
    const codes = await trained.encode(x);
    expect(codes).toHaveLength(3 * trained.latentDim);
    expect(finite(codes)).toBe(true);
    if (has(model, "decode")) expect(await trained.decode(codes)).toHaveLength(3 * exampleSize);
  });

  test("samples are the decoded codes of the prior by the same seed", async () => {
    const trained = forExamples(run.trained, source.test);
    const { model } = trained;
    // Of several latents, those below the code are sampled too.
    if (lacking(model, ["decode", "prior", "vector"]) || !givesMeans(model) || model.latents!.length > 1) return;
    const codes = await trained.samplePrior(70, { seed: 2 });
    expect(await trained.decode(codes)).toEqual(await trained.sample(70, { seed: 2, mean: true }));
  });
});
