import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findModel } from "../../../src/models/registry.ts";
import { readTrainRequest } from "../../../src/cli/options/train-options.ts";
import { loadRun, startRun } from "../../../src/node/runs.ts";
import { cpuDevice } from "../../../src/runtime/node.ts";
import { follow } from "../../follow-training.ts";
import type { Fuzzer, Seed } from "../fuzzing/fuzzer.ts";
import { mutatedJson } from "../fuzzing/json-mutations.ts";
import { text } from "./open-data.ts";

const definition = findModel("vae");
const STEPS = 2;

/** Trains a small model on a table, whose columns a run keeps, and returns its folder. */
async function trainedRun(folder: string): Promise<string> {
  const data = join(folder, "people.csv");
  writeFileSync(data, ["age,city", ...Array.from({ length: 40 }, (_, i) => `${i / 3},c${i % 3}`)].join("\n"));
  const out = join(folder, "run");
  const request = {
    definition,
    config: definition.config.parse({ latentDim: 2, hiddenDims: [4] }),
    settings: { device: "cpu", threads: 1, steps: STEPS, batchSize: 16 },
    data,
    binarize: "none",
    seed: 0,
  } as const;
  await follow(await startRun(request, { out }));
  return out;
}

const files = [
  "run.json",
  "metrics.jsonl",
  `checkpoints/step-${STEPS}/state.json`,
  `checkpoints/step-${STEPS}/weights.safetensors`,
];

export const runFolders: Fuzzer = {
  name: "runs",
  async seeds() {
    const folder = mkdtempSync(join(tmpdir(), "latentkit-torture-run-"));
    try {
      const run = await trainedRun(folder);
      const bytesOf = (name: string): Uint8Array => readFileSync(join(run, name));
      return [
        ...files.map((name): Seed => ({ name, bytes: bytesOf(name) })),
        ...files
          .filter((name) => name.endsWith(".json"))
          .map((name): Seed => ({ name, bytes: bytesOf(name), change: mutatedJson })),
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  async reader(folder) {
    const out = await trainedRun(folder);
    const device = await cpuDevice(1);
    return async ({ name, bytes }) => {
      const path = join(out, name);
      const whole = readFileSync(path);
      writeFileSync(path, bytes);
      try {
        const { run, trained } = await loadRun(out, device);
        try {
          for await (const _ of run.metrics());
        } finally {
          await trained.store.release();
        }
      } finally {
        writeFileSync(path, whole);
      }
    };
  },
};

export const configs: Fuzzer = {
  name: "config",
  seeds: () => {
    const config = {
      data: "digits",
      epochs: 3,
      batchSize: 32,
      binarize: "none",
      set: { latentDim: 2, hiddenDims: [8] },
    };
    return [{ name: "a.json", bytes: text(JSON.stringify(config)), change: mutatedJson }];
  },
  reader:
    (folder) =>
    ({ name, bytes }) => {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      return readTrainRequest(definition, { config: path });
    },
};
