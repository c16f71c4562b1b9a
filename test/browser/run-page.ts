/** A run in a page, as the command line makes one: trained, interrupted, resumed, evaluated and scored. */
import { browserPlatform } from "../../src/browser/platform.ts";
import { findModel } from "../../src/models/registry.ts";
import { evaluateRun } from "../../src/runs/evaluate-run.ts";
import { loadRun } from "../../src/runs/load-run.ts";
import { scoreRun } from "../../src/runs/score-run.ts";
import { resumeRun } from "../../src/runs/resume-run.ts";
import { type RunRequest, startRun } from "../../src/runs/start-run.ts";
import type { RunStore } from "../../src/runs/storage/store.ts";
import { drain } from "../../src/evaluation/samples/sampling.ts";
import { follow } from "../follow-training.ts";
import { diffusionRequest, sampledBy, type SamplesInPage } from "./diffusion-request.ts";

/** What the test compares, as JSON. */
export interface RunInPage {
  readonly device: string;
  readonly browser: string | undefined;
  /** Kind and step of the last event of a run that nothing interrupts, of one that is, and of its rest. */
  readonly ends: readonly (readonly [kind: string, step: number])[];
  /** Bytes of the weights that both end with, and how many of them differ. */
  readonly weights: { readonly bytes: number; readonly different: number };
  readonly kid: { readonly value: number; readonly features: unknown };
  readonly scores: Readonly<Record<string, readonly number[]>>;
}

const steps = 40;
const request: RunRequest = {
  definition: findModel("vae"),
  config: { hiddenDims: [64], latentDim: 4 },
  settings: { batchSize: 50, epochs: 4, device: "wasm", threads: 1, picturesEvery: 2 },
  data: "digits:500",
  binarize: "auto",
  seed: 3,
};

async function runInPage(): Promise<RunInPage> {
  const platform = browserPlatform();
  const whole = await follow(await startRun(request, { out: "whole" }, platform));
  const cut = await follow(await startRun(request, { out: "cut" }, platform), ({ step }) => step === 13);
  const rest = await follow(await resumeRun("cut", {}, platform));

  const weightsOf = (path: string): Promise<Uint8Array> =>
    bytesOf(platform.openStore(path), `checkpoints/step-${steps}/weights.safetensors`);
  const [expected, found] = [await weightsOf("whole"), await weightsOf("cut")];

  const { device } = await platform.pickDevice("wasm", 1);
  const loaded = await loadRun("cut", device, platform);
  const { metrics } = await drain(
    evaluateRun(loaded, { split: "test", seed: 0, metrics: ["kid"], generated: 50, extractor: "small-28" }),
  );
  const { test } = await loaded.openData();
  const scores = await drain(scoreRun(loaded, { split: test, samples: 5, density: "gmm:2", seed: 0 }));
  await loaded.trained.release();
  return {
    device: loaded.run.info.device,
    browser: loaded.run.info.versions.browser,
    ends: [whole, cut, rest].map((events) => [events.at(-1)!.kind, events.at(-1)!.step]),
    weights: {
      bytes: expected.length,
      different: expected.filter((byte, i) => byte !== found[i]).length + Math.abs(expected.length - found.length),
    },
    kid: { value: metrics["kid"]!.results[0]!.value, features: metrics["kid"]!.conditions["features"] },
    scores: Object.fromEntries([...scores].map(([name, values]) => [name, [...values]])),
  };
}

async function bytesOf(store: RunStore, name: string): Promise<Uint8Array> {
  const file = await store.open(name);
  const bytes = new Uint8Array(file.size);
  await file.read(bytes, 0);
  await file.close();
  return bytes;
}

async function diffusionInPage(channels: readonly number[], count: number): Promise<SamplesInPage> {
  const platform = browserPlatform();
  await follow(await startRun(diffusionRequest(channels), { out: "diffusion" }, platform));
  const { device } = await platform.pickDevice("wasm", 0);
  const { trained } = await loadRun("diffusion", device, platform);
  const found = await sampledBy(trained, count);
  await trained.release();
  return { ...found, images: [...found.images] };
}

// What the tests call in the page.
Object.assign(globalThis, { runInPage, diffusionInPage });
