import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { runInfo } from "../../test/run-info.ts";
import { CheckpointError, ConfigError } from "../errors.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import type { TensorSpec } from "../serialization/safetensors.ts";
import type { MetricsRecord } from "./storage/metrics-log.ts";
import { Run } from "./run.ts";
import { FileStore } from "../node/files/file-store.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Where no test may ever write or read. */
const outside = join(folder, "outside");
writeFileSync(outside, "untouched");

let count = 0;
let path = "";
beforeEach(() => {
  path = join(folder, `run-${++count}`);
});

const weightSpec: TensorSpec = { dtype: "F32", shape: [2, 3] };

function checkpoint(step: number, best: Checkpoint["state"]["best"] = null): Checkpoint {
  return {
    weights: new Map([["layer.weight", { dtype: "F32", shape: [2, 3], data: new Float32Array(6).fill(step) }]]),
    optimizer: new Map([
      ["layer.weight/moment1", { dtype: "F32", shape: [2, 3], data: new Float32Array(6).fill(-step) }],
      ["step", { dtype: "I64", shape: [], data: new BigInt64Array([BigInt(step)]) }],
    ]),
    state: { latentkit: "0.1.0", step, epoch: 1, seed: 7, cursor: { batch: step }, ema: [], best },
  };
}

const metricsAt = (step: number): MetricsRecord => ({ step, epoch: 1, split: "train", metrics: { loss: 1 / step } });

/** A closed run with checkpoints of these steps and a metrics record of every step up to the last. */
async function madeRun(...steps: number[]): Promise<void> {
  const run = await Run.create(new FileStore(path), runInfo);
  for (let step = 1; step <= (steps.at(-1) ?? 0); step++) {
    await run.appendMetrics(metricsAt(step));
    if (steps.includes(step)) await run.saveCheckpoint(checkpoint(step));
  }
  await run.close();
}

async function all(records: AsyncIterable<MetricsRecord>): Promise<MetricsRecord[]> {
  const list = [];
  for await (const record of records) list.push(record);
  return list;
}

describe("a run", () => {
  test("is read back as it was written", async () => {
    await madeRun(3);
    expect(readdirSync(path).toSorted()).toEqual(["checkpoints", "metrics.jsonl", "run.json", "samples"]);
    const run = await Run.open(new FileStore(path));
    expect(run.info).toEqual(runInfo);
    expect(await run.loadCheckpoint()).toEqual(checkpoint(3));
    expect(await all(run.metrics())).toEqual([1, 2, 3].map(metricsAt));
  });

  test("of a stem takes the next free number, also among others that start at the same time", async () => {
    const stem = join(path, "many");
    const runs = await Promise.all(
      Array.from({ length: 8 }, () => Run.createNext((at) => new FileStore(at), stem, runInfo)),
    );
    expect(runs.map((run) => run.path).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((n) => `${stem}-${n}`));
    for (const run of runs) await run.close();
  });

  test("is made by one of those who want the same folder", async () => {
    const made = await Promise.allSettled(Array.from({ length: 8 }, () => Run.create(new FileStore(path), runInfo)));
    const refused = made.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(7);
    for (const { reason } of refused) expect(String(reason)).toMatch(/^ConfigError: --out: .* exists, got a folder /);
    for (const result of made) if (result.status === "fulfilled") await result.value.close();
  });

  test("may start in an empty folder and below folders that do not exist", async () => {
    mkdirSync(path);
    await (await Run.create(new FileStore(path), runInfo)).close();
    await (await Run.create(new FileStore(join(path, "deep", "er")), runInfo)).close();
    expect((await Run.open(new FileStore(join(path, "deep", "er")))).info).toEqual(runInfo);
  });

  test("keeps the last checkpoints and the best", async () => {
    const run = await Run.create(new FileStore(path), runInfo);
    for (const step of [100, 200, 300, 1000, 2000]) {
      await run.saveCheckpoint(checkpoint(step, { step: 200, metric: "negElbo", value: 100 }), { keepLast: 2 });
    }
    expect(await run.checkpointSteps()).toEqual([200, 1000, 2000]);
    expect((await run.loadCheckpoint()).state.step).toBe(2000);
    await run.close();
  });

  test("forgets what came after the checkpoint it resumes from, and a torn line", async () => {
    await madeRun(2, 4);
    appendFileSync(join(path, "metrics.jsonl"), '{"step":5,"epo');
    const reader = await Run.open(new FileStore(path));
    expect((await all(reader.metrics())).map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    const run = await Run.resume(new FileStore(path));
    await run.rewind(2);
    expect(await run.checkpointSteps()).toEqual([2]);
    await run.appendMetrics(metricsAt(3));
    await run.close();
    expect(readFileSync(join(path, "metrics.jsonl"), "utf8")).toBe(
      [1, 2, 3].map((step) => `${JSON.stringify(metricsAt(step))}\n`).join(""),
    );
  });

  test("keeps metrics that are not finite as null, which reads as NaN", async () => {
    const run = await Run.create(new FileStore(path), runInfo);
    await run.appendMetrics({ step: 1, epoch: 1, split: "test", metrics: { loss: Infinity, rate: 2.5 } });
    await run.close();
    expect(readFileSync(join(path, "metrics.jsonl"), "utf8")).toContain('{"loss":null,"rate":2.5}');
    expect((await all(run.metrics()))[0]?.metrics).toEqual({ loss: NaN, rate: 2.5 });
  });

  test("writes samples under plain names only", async () => {
    const run = await Run.create(new FileStore(path), runInfo);
    expect(readFileSync(await run.writeSample("step-100.png", "picture"), "utf8")).toBe("picture");
    for (const name of ["../outside", "a/b", ".hidden", "", "a\\b"]) {
      await expect(run.writeSample(name, "x")).rejects.toThrow("not a plain file name");
    }
    await run.close();
  });

  test("opened for reading cannot be written to", async () => {
    await madeRun(1);
    await expect((await Run.open(new FileStore(path))).rewind(0)).rejects.toThrow("opened for reading");
  });
});

describe("--out", () => {
  test.each<[string, () => void]>([
    [
      "a folder with files in it",
      () => {
        mkdirSync(path);
        writeFileSync(join(path, "notes.txt"), "");
      },
    ],
    ["a file or link", () => writeFileSync(path, "")],
  ])("refuses %s", async (found, make) => {
    make();
    await expect(Run.create(new FileStore(path), runInfo)).rejects.toThrow(ConfigError);
    await expect(Run.create(new FileStore(path), runInfo)).rejects.toThrow(
      `--out: ${path} exists, got ${found}, expected a new folder, or --resume to resume that run`,
    );
  });

  test("refuses a place below a file", async () => {
    await expect(Run.create(new FileStore(join(outside, "run")), runInfo)).rejects.toThrow(
      /cannot write, got (ENOTDIR|EEXIST)/,
    );
  });
});

/** Each damages a run with checkpoints 2 and 4; `file` and `message` are what the error must name. */
const damages: [what: string, damage: () => void, message: string][] = [
  [
    "truncated weights",
    () => truncateSync(inRun("checkpoints/step-4/weights.safetensors"), 90),
    'step-4/weights.safetensors: tensor "layer.weight": data ends outside the file',
  ],
  [
    "weights cut within the header",
    () => truncateSync(inRun("checkpoints/step-4/weights.safetensors"), 30),
    "step-4/weights.safetensors: header length is wrong, got ",
  ],
  [
    "empty weights",
    () => truncateSync(inRun("checkpoints/step-4/weights.safetensors"), 0),
    "step-4/weights.safetensors: not a safetensors file, got 0 bytes",
  ],
  [
    "a flipped bit in the weights",
    () => flipLastByte("checkpoints/step-4/weights.safetensors"),
    "step-4/weights.safetensors: damaged, got bytes whose SHA-256 differs",
  ],
  [
    "a flipped bit in the optimizer",
    () => flipLastByte("checkpoints/step-4/optimizer.safetensors"),
    "step-4/optimizer.safetensors: damaged",
  ],
  [
    "missing weights",
    () => rmSync(inRun("checkpoints/step-4/weights.safetensors")),
    "step-4/weights.safetensors: missing, got nothing, expected a file",
  ],
  ["missing state", () => rmSync(inRun("checkpoints/step-4/state.json")), "step-4/state.json: missing"],
  ["torn state", () => truncateSync(inRun("checkpoints/step-4/state.json"), 20), "step-4/state.json: not valid JSON"],
  [
    "a state of another step",
    () => cpSync(inRun("checkpoints/step-2/state.json"), inRun("checkpoints/step-4/state.json")),
    'step-4/state.json: "step": got 2, expected 4',
  ],
  [
    "a huge state",
    () => writeFileSync(inRun("checkpoints/step-4/state.json"), " ".repeat(1_000_001)),
    "step-4/state.json: too large, got 1000001 bytes, expected at most 1000000",
  ],
  [
    "weights of 1 TB that take no room",
    () => truncateSync(inRun("checkpoints/step-4/weights.safetensors"), 1e12),
    "step-4/weights.safetensors: data length is wrong, got 99",
  ],
  [
    "weights that are a link",
    () => {
      rmSync(inRun("checkpoints/step-4/weights.safetensors"));
      symlinkSync(outside, inRun("checkpoints/step-4/weights.safetensors"));
    },
    "step-4/weights.safetensors: not a file, got a link or device",
  ],
];
const inRun = (name: string): string => join(path, name);
function flipLastByte(name: string): void {
  const bytes = readFileSync(inRun(name));
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(inRun(name), bytes);
}

describe("a damaged checkpoint", () => {
  test.each(damages)("with %s is named in one line, with what is left to resume from", async (_, damage, message) => {
    await madeRun(2, 4);
    damage();
    const run = await Run.open(new FileStore(path));
    const load = run.loadCheckpoint();
    await expect(load).rejects.toThrow(CheckpointError);
    await expect(load).rejects.toThrow(`${path}/checkpoints/${message}`);
    await expect(load).rejects.toThrow(/^\P{Cc}*$/u);
    const damaged = inRun("checkpoints/step-4");
    await expect(load).rejects.toThrow(`; the checkpoint of step 2 is whole: to take that one, delete ${damaged}`);
    rmSync(damaged, { recursive: true });
    expect(await run.loadCheckpoint()).toEqual(checkpoint(2));
  });

  test("is not said to be replaceable where no other is whole", async () => {
    await madeRun(2, 4);
    flipLastByte("checkpoints/step-2/weights.safetensors");
    flipLastByte("checkpoints/step-4/weights.safetensors");
    await expect((await Run.open(new FileStore(path))).loadWeights()).rejects.toThrow(
      /step-4.*SHA-256 differs from the one in state\.json$/,
    );
  });

  test("that does not fit the model is refused before its data is read", async () => {
    await madeRun(2);
    // A valid header over a terabyte of nothing: reading the data would exhaust memory.
    const header = '{"layer.weight":{"dtype":"F32","shape":[250000000000],"data_offsets":[0,1000000000000]}}';
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(header.length));
    const file = inRun("checkpoints/step-2/weights.safetensors");
    writeFileSync(file, Buffer.concat([prefix, Buffer.from(header)]));
    truncateSync(file, 8 + header.length + 1e12);
    const run = await Run.open(new FileStore(path));
    const weights = new Map([["layer.weight", weightSpec]]);
    await expect(run.loadWeights({ weights: () => weights })).rejects.toThrow(
      'tensor "layer.weight" does not fit the model, got F32 [250000000000], expected F32 [2, 3]',
    );
    await expect(run.loadWeights()).rejects.toThrow(
      `too large for this machine, got ${8 + header.length + 1e12} bytes`,
    );
  });

  test("that is asked for and absent is refused", async () => {
    await madeRun(2);
    const run = await Run.open(new FileStore(path));
    await expect(run.loadWeights({ step: 3 })).rejects.toThrow("checkpoint is missing, got step 3, expected one of 2");
  });

  test("names that look like checkpoints are not", async () => {
    await madeRun(2);
    for (const name of ["step-9x", "step-09", "step--9", "step-1e9", "step-99999999999999999999"])
      mkdirSync(inRun(`checkpoints/${name}`));
    symlinkSync(folder, inRun("checkpoints/step-9"));
    expect(await (await Run.open(new FileStore(path))).checkpointSteps()).toEqual([2]);
  });
});

describe("a folder that is not a run", () => {
  const runFile = (changes: object): string =>
    JSON.stringify({ ...(JSON.parse(readFileSync(inRun("run.json"), "utf8")) as object), ...changes });

  test.each<[string, () => void, string]>([
    [
      "nothing",
      () => rmSync(path, { recursive: true }),
      ": not a run folder, got nothing, expected a folder that latentkit train made",
    ],
    [
      "a file",
      () => {
        rmSync(path, { recursive: true });
        writeFileSync(path, "");
      },
      ": not a run folder, got a file,",
    ],
    ["no run.json", () => rmSync(inRun("run.json")), ": not a run folder, got no run.json,"],
    ["torn run.json", () => truncateSync(inRun("run.json"), 50), "/run.json: not valid JSON"],
    [
      "a newer format",
      () => writeFileSync(inRun("run.json"), runFile({ formatVersion: 3, latentkit: "2.0.0", more: {} })),
      "/run.json: written by Latentkit 2.0.0, got format 3, expected at most 2; install that Latentkit or a newer one",
    ],
    [
      "an earlier format",
      () => writeFileSync(inRun("run.json"), runFile({ formatVersion: 1, data: { shape: [1, 28, 28] } })),
      "/run.json: of an earlier format that is no longer read, got format 1, expected 2; train it again",
    ],
    [
      "a wrong field",
      () => writeFileSync(inRun("run.json"), runFile({ seed: "zero" })),
      '/run.json: "seed": got "zero", expected number',
    ],
    [
      "an unknown field",
      () => writeFileSync(inRun("run.json"), runFile({ hook: "rm -rf" })),
      '/run.json: unknown key "hook"',
    ],
    [
      "config that is no object",
      () => writeFileSync(inRun("run.json"), runFile({ config: [] })),
      '/run.json: "config": got an array of 0, expected an object',
    ],
    [
      "a huge run.json",
      () => truncateSync(inRun("run.json"), 20_000_000),
      "/run.json: too large, got 20000000 bytes, expected at most 16000000",
    ],
    [
      "run.json as a folder",
      () => {
        rmSync(inRun("run.json"));
        mkdirSync(inRun("run.json"));
      },
      "/run.json: not a file, got a folder",
    ],
    [
      "run.json as a link",
      () => {
        rmSync(inRun("run.json"));
        symlinkSync(outside, inRun("run.json"));
      },
      "/run.json: not a file, got a link or device",
    ],
    [
      "checkpoints as a link",
      () => {
        rmSync(inRun("checkpoints"), { recursive: true });
        symlinkSync(folder, inRun("checkpoints"));
      },
      "/checkpoints: not a folder, got a file or link",
    ],
    [
      "samples as a link",
      () => {
        rmSync(inRun("samples"), { recursive: true });
        symlinkSync(folder, inRun("samples"));
      },
      "/samples: not a folder, got a file or link",
    ],
  ])("%s", async (_, damage, message) => {
    await madeRun(1);
    damage();
    for (const open of [() => Run.open(new FileStore(path)), () => Run.resume(new FileStore(path))]) {
      await expect(open()).rejects.toThrow(CheckpointError);
      await expect(open()).rejects.toThrow(`${path}${message}`);
      await expect(open()).rejects.toThrow(/^\P{Cc}*$/u);
    }
  });

  test("metrics that are a link are neither read nor appended to", async () => {
    await madeRun(1);
    rmSync(inRun("metrics.jsonl"));
    symlinkSync(outside, inRun("metrics.jsonl"));
    await expect(Run.resume(new FileStore(path))).rejects.toThrow("metrics.jsonl: not a file, got a link or device");
    await expect(all((await Run.open(new FileStore(path))).metrics())).rejects.toThrow("metrics.jsonl: not a file");
    expect(existsSync(inRun("lock"))).toBe(false);
    expect(readFileSync(outside, "utf8")).toBe("untouched");
  });

  test.each<[string, string, string]>([
    ["a damaged line", 'nonsense\n{"step":3}\n', "metrics.jsonl: line 2: not valid JSON"],
    [
      "a record without metrics",
      '{"step":2,"epoch":1,"split":"train"}\n',
      'metrics.jsonl: line 2: "metrics": got nothing, expected record',
    ],
    ["an endless line", "x".repeat(1_100_000), "metrics.jsonl: line 2: too long, expected at most 1000000 bytes"],
  ])("metrics with %s are refused", async (_, text, message) => {
    await madeRun(1);
    appendFileSync(inRun("metrics.jsonl"), text);
    await expect(all((await Run.open(new FileStore(path))).metrics())).rejects.toThrow(message);
  });
});

describe("the lock", () => {
  test("keeps a second writer out until the first closes, and readers in", async () => {
    const first = await Run.create(new FileStore(path), runInfo);
    await expect(Run.resume(new FileStore(path))).rejects.toThrow(ConfigError);
    await expect(Run.resume(new FileStore(path))).rejects.toThrow(
      `${path}: another process is training into this run, got a lock of process ${process.pid}, 0 seconds old, expected none; wait for it, or delete ${inRun("lock")} if it is gone`,
    );
    await Run.open(new FileStore(path));
    await first.close();
    await (await Run.resume(new FileStore(path))).close();
    expect(existsSync(inRun("lock"))).toBe(false);
  });

  test("that is torn is nobody's", async () => {
    await madeRun(1);
    writeFileSync(inRun("lock"), '{"pi');
    await (await Run.resume(new FileStore(path))).close();
    expect(existsSync(inRun("lock"))).toBe(false);
  });

  test("that is a link is replaced, not followed", async () => {
    await madeRun(1);
    symlinkSync(outside, inRun("lock"));
    await (await Run.resume(new FileStore(path))).close();
    expect(readFileSync(outside, "utf8")).toBe("untouched");
  });
});
