import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { follow } from "../../../test/follow-training.ts";
import { peopleTable } from "../../../test/e2e/people-table.ts";
import type { DataSource } from "../../data/split.ts";
import { pca } from "../../models/autoencoders/pca.ts";
import { defineModel } from "../../models/definition.ts";
import { diffusion } from "../../models/diffusion/diffusion.ts";
import { vae } from "../../models/vaes/vae.ts";
import { nodePlatform } from "../../node/platform.ts";
import { train } from "../../node/train.ts";
import { withComposedData } from "../codes/with-composed-data.ts";
import type { Platform } from "../platform.ts";
import { Run } from "../run.ts";
import { startRun } from "../start-run.ts";
import { completeRun } from "../studies/complete-run.ts";
import { memoryStores } from "../storage/memory-store.ts";
import { readText } from "../storage/store.ts";
import { resumeStages, trainingStages } from "./training-stages.ts";

const settings = { batchSize: 60, steps: 30, device: "cpu", threads: 1 } as const;
const small = { width: 16, depth: 1, "codes.steps": 30, "codes.hiddenDims": [16], "codes.latentDim": 3 };

let source: DataSource;
let file: string;
beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "latentkit-stages-"));
  file = join(folder, "people.csv");
  writeFileSync(file, peopleTable(200));
  source = await nodePlatform.openData(file);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
});

describe("in memory, of data that have no path", () => {
  test("both stages are trained, and rows sampled and measured", async () => {
    const stages: number[] = [];
    const run = await train(
      diffusion(small),
      { ...source, name: "nowhere" },
      { ...settings, onEvent: ({ kind }, stage) => kind === "done" && stages.push(stage) },
    );
    expect(stages).toEqual([1, 2]);
    expect(run.info).toMatchObject({ model: "diffusion", parent: { inside: true, path: "codes" } });
    const width = source.train.dataset.shape[0]!;
    const rows = await run.sample(20, { steps: 3 });
    expect(rows.length).toBe(20 * width);
    // Of each of the two categories, one value.
    for (let i = 0; i < 20; i++) {
      const row = [...rows.subarray(i * width, (i + 1) * width)];
      expect(row.filter((v) => v === 1).length).toBeGreaterThanOrEqual(2);
    }
    const { metrics } = await run.evaluate({ metrics: ["total-variation"], generated: 50, sampler: { steps: 2 } });
    expect(metrics["total-variation"]!.failed).toBeUndefined();
    await run.release();
  });

  test("training that is ended in the first stage leaves no model", async () => {
    const stop = new AbortController();
    const stopped = train(diffusion(small), source, {
      ...settings,
      signal: stop.signal,
      onEvent: ({ kind }) => kind === "step" && stop.abort(),
    });
    await expect(stopped).rejects.toThrow(
      /^train: ended in the first of two stages, got vae without the model of its codes, expected both/,
    );
  });
});

test("startRun trains in one run alone, and says so", async () => {
  const request = { definition: diffusion, config: {}, settings, data: file, binarize: "auto", seed: 0 } as const;
  await expect(startRun(request, {}, { ...nodePlatform, openStore: memoryStores() })).rejects.toThrow(
    "diffusion: trained on codes, which takes two runs, got codes=vae, expected trainingStages or train in place of startRun, or codes=none",
  );
});

describe("a model of one's own", () => {
  // A definition of its own that is trained on the code of a PCA, unless it is told not to.
  const chosen = defineModel({
    name: "chosen",
    summary: "A VAE of principal components",
    paper: "none",
    config: z.strictObject({ codes: z.enum(["none", "pca"]).default("pca"), width: z.int().positive().default(8) }),
    codes: { pca: { definition: pca, preset: () => ({ config: { latentDim: 1 } }) } },
    build: ({ width }, data) => vae.build(vae.config.parse({ ...gaussian, hiddenDims: [width] }), data),
  });
  const gaussian = { likelihood: "gaussian-learned", std: 1, latentDim: 2 };
  const platform: Platform = withComposedData({ ...nodePlatform, openStore: memoryStores(), findModel: findIt });
  async function findIt({ model }: { readonly model: string }) {
    return Promise.resolve(model === "chosen" ? chosen : pca);
  }
  const request = {
    definition: chosen,
    config: {},
    settings: { ...settings, steps: 40 },
    data: "toy:moons:400",
    binarize: "auto",
    seed: 1,
  } as const;

  test("has stages too, and is resumed in the second with the same bits", async () => {
    const whole: string[] = [];
    for await (const { training, stage, stages } of trainingStages(request, { out: "whole" }, platform)) {
      whole.push(`${stage} of ${stages}: ${training.run.path} ${training.run.info.data.shape}`);
      await follow(training);
    }
    expect(whole).toEqual(["1 of 2: whole/codes 2", "2 of 2: whole 1"]);

    for await (const { training, stage } of trainingStages(request, { out: "cut" }, platform))
      await follow(training, ({ step }) => stage === 2 && step === 17);
    const rest = resumeStages("cut", {}, platform);
    for await (const { training, stage } of rest) {
      expect([stage, training.from]).toEqual([2, 17]);
      const { parent } = training.run.info;
      expect(parent!.weights).toBe(await digest("whole/codes", 1));
      await follow(training);
    }
    expect(await digest("cut", 40)).toBe(await digest("whole", 40));
  });

  async function digest(path: string, step: number): Promise<string> {
    return (await Run.open(platform.openStore(path))).weightsDigest(step);
  }

  test("is brought to its end as part of a study, in whichever stage it was stopped", async () => {
    const stop = new AbortController();
    const seen: string[] = [];
    const complete = async (signal?: AbortSignal) => {
      const work = completeRun("study", request, platform, signal);
      let next = await work.next();
      for (; !next.done; next = await work.next()) {
        const { event, training } = next.value;
        seen.push(`${training.definition.name} ${event.kind}`);
        if (event.kind === "step" && event.step === 5) stop.abort();
      }
      return next.value;
    };
    expect(await complete(stop.signal)).toBeUndefined();
    expect(seen).toContain("pca done");
    expect(seen.at(-1)).toBe("chosen interrupted");
    seen.length = 0;
    const done = await complete();
    expect(seen).not.toContain("pca step");
    expect(done!.result.step).toBe(40);
    const [whole, first] = await Promise.all(
      ["study", "study/codes"].map((path) => Run.open(platform.openStore(path))),
    );
    expect(done!.seconds).toBeCloseTo(whole!.info.result!.seconds + first!.info.result!.seconds, 6);
  });

  test("is not made twice at one place, and not of a request for one run", async () => {
    const [one, other] = [trainingStages(request, { out: "twice" }, platform), resumeStages("twice", {}, platform)];
    const { training } = (await one.next()).value!;
    await follow(training);
    // Each begins the second stage.
    const mine = (await one.next()).value!;
    await expect(other.next()).rejects.toThrow(/another process is training into this run/);
    await mine.training.close();
    await expect(resumeStages("missing", {}, platform).next()).rejects.toThrow(
      "missing: not a run folder, got nothing",
    );

    const store = platform.openStore("edited");
    const text = await readText(platform.openStore("twice"), "request.json", 10_000);
    await store.create(new Map([["request.json", text.replace('"config": {}', '"config": { "codes": "none" }')]]));
    await expect(resumeStages("edited", {}, platform).next()).rejects.toThrow(
      "edited/request.json: not of a run of two stages, got codes=none, expected a model to train first",
    );
    await store.write("request.json", text.replace('"seed": 1', '"seed": -1'));
    await expect(resumeStages("edited", {}, platform).next()).rejects.toThrow(/^edited\/request.json: "seed": /);
  });

  test("whose codes are not wanted is trained on the data", async () => {
    for await (const { training, stages } of trainingStages({ ...request, config: { codes: "none" } }, {}, platform)) {
      expect([stages, training.run.path, training.run.info.parent]).toEqual([1, "runs/chosen-moons-1", undefined]);
      await training.close();
    }
  });
});
