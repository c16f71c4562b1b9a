import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { install, type Installed, jsonLines } from "./install.ts";

let latentkit: Installed;
const inside = (...path: string[]): string => join(latentkit.folder, ...path);
const png = (path: string) => decode(readFileSync(inside(path)));

async function output(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await latentkit.run(...args);
  // A busy machine is slow enough to be told how far a command is.
  const said = stderr.replaceAll(/^[\w ,]+: \d+ of \d+\n/gmu, "");
  expect({ code, said }).toEqual({ code: 0, said: "" });
  return stdout;
}
const json = async (...args: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await output(...args, "--json")) as Record<string, unknown>;

const small = "--batch-size 100 --learning-rate 5e-3 --threads 1 --set hiddenDims=64".split(" ");
let trained: readonly Record<string, unknown>[];

beforeAll(async () => {
  latentkit = install();
  trained = jsonLines(
    await output("train", "vae", "--data", "digits:1000", "--epochs", "3", ...small, "--set", "latentDim=2", "--json"),
  );
});
afterAll(() => latentkit.remove());

describe("train --json", () => {
  test("prints events in their order, metrics last", () => {
    const events = trained.map(({ event }) => event);
    expect(events[0]).toBe("start");
    expect(trained[0]).toMatchObject({
      run: "runs/vae-digits-1",
      model: "vae",
      config: { latentDim: 2, hiddenDims: [64] },
      data: { name: "digits", shape: [1, 28, 28], examples: { train: 1000, validation: 100, test: 100 } },
      steps: 30,
      from: 0,
    });
    expect(events.filter((event) => event !== "start" && event !== "step")).toEqual([
      "validation",
      "checkpoint",
      "validation",
      "checkpoint",
      "validation",
      "checkpoint",
      "done",
    ]);
    const done = trained.at(-1) as { run: string; metrics: Record<string, Record<string, number>> };
    expect(done.run).toBe("runs/vae-digits-1");
    for (const results of [done.metrics["train"]!, done.metrics["validation"]!, done.metrics["test"]!]) {
      expect(results["negElbo"]).toBeCloseTo(results["rate"]! + results["distortion"]!, 3);
      // 784 fair coins are 543 nats; 10 steps an epoch are enough to be far below.
      expect(results["negElbo"]).toBeGreaterThan(100);
      expect(results["negElbo"]).toBeLessThan(300);
    }
    const validations = trained.filter(({ event }) => event === "validation") as unknown as {
      metrics: { negElbo: number };
    }[];
    expect(validations.at(-1)!.metrics.negElbo).toBeLessThan(validations[0]!.metrics.negElbo);
  });

  test("leaves a run folder of the documented form", () => {
    const run = inside("runs/vae-digits-1");
    expect(readdirSync(run).toSorted()).toEqual(["checkpoints", "metrics.jsonl", "report.html", "run.json", "samples"]);
    expect(readdirSync(join(run, "checkpoints")).toSorted()).toEqual(["step-10", "step-20", "step-30"]);
    expect(readdirSync(join(run, "checkpoints/step-30")).toSorted()).toEqual([
      "optimizer.safetensors",
      "state.json",
      "weights.safetensors",
    ]);
    const info = JSON.parse(readFileSync(join(run, "run.json"), "utf8")) as Record<string, unknown>;
    expect(info).toMatchObject({
      model: "vae",
      training: { epochs: 3, batchSize: 100, optimizer: "adam", learningRate: 5e-3, threads: 1 },
      data: { source: "digits:1000", options: { binarize: "dynamic" }, shape: [1, 28, 28] },
      result: { step: 30, weights: 30, best: { step: 30, metric: "negElbo" } },
    });
    expect(readdirSync(join(run, "samples")).toSorted()).toEqual([
      "manifold.png",
      "reconstructions.png",
      "samples.png",
    ]);
  });

  test("takes the next free name for the next run", async () => {
    const stdout = await output("train", "vae", "--data", "digits:100", "--steps", "1", ...small, "--json");
    expect(jsonLines(stdout)[0]).toMatchObject({ run: "runs/vae-digits-2" });
  });

  test("asks the likelihood whether data are binarized", async () => {
    const flags = ["--data", "digits:100", "--steps", "1", ...small, "--json"];
    const binarization = async (out: string, ...more: string[]): Promise<unknown> => {
      await output("train", "vae", ...flags, "--out", out, ...more);
      const { data } = JSON.parse(readFileSync(inside(out, "run.json"), "utf8")) as {
        data: { options: { binarize: string } };
      };
      return data.options.binarize;
    };
    expect(await binarization("b1", "--set", "likelihood=gaussian")).toBe("none");
    expect(await binarization("b2", "--binarize", "threshold")).toBe("threshold");
  });

  test("reads a --config file, over which flags win", async () => {
    const settings = { data: "digits:100", steps: 2, batchSize: 50, set: { latentDim: 3, hiddenDims: [8] } };
    writeFileSync(inside("config.json"), JSON.stringify(settings));
    const flags = ["--config", "config.json", "--steps", "1", "--set", "latentDim=4", "--out", "configured", "--json"];
    expect(jsonLines(await output("train", "vae", ...flags))[0]).toMatchObject({
      config: { latentDim: 4, hiddenDims: [8] },
      steps: 1,
    });
  });

  test("stops early, reports it, and writes event files on request", async () => {
    const flags = ["--data", "digits:100", "--batch-size", "20", "--epochs", "200", "--patience", "2", "--tensorboard"];
    const more = ["--learning-rate", "0.02", "--threads", "1", "--set", "hiddenDims=64", "--out", "patient", "--json"];
    const events = jsonLines(await output("train", "vae", ...flags, ...more));
    const [stopped, done] = events.slice(-2);
    expect(stopped).toMatchObject({ event: "stopped", best: { metric: "negElbo" } });
    expect(done).toMatchObject({ event: "done", step: stopped!["step"], best: stopped!["best"] });
    const { step: best } = stopped!["best"] as { step: number };
    expect(stopped!["step"]).toBe(best + 2 * 5);
    expect(await json("sample", "patient", "--count", "1", "--out", "best.png")).toMatchObject({ step: best });
    expect(await json("sample", "patient", "--count", "1", "--checkpoint", "last", "--out", "last.png")).toMatchObject({
      step: stopped!["step"],
    });
    expect(readdirSync(inside("patient/tensorboard"))).toEqual([expect.stringMatching(/^events\.out\.tfevents\./)]);
  });

  test("--print-config prints settings that --config takes back, and trains nothing", async () => {
    const flags = ["--data", "digits:100", "--steps", "3", ...small, "--schedule", "cosine", "--out", "printed"];
    const settings = await output("train", "vae", ...flags, "--set", "latentDim=3", "--print-config");
    expect(JSON.parse(settings)).toMatchObject({
      data: "digits:100",
      out: "printed",
      steps: 3,
      batchSize: 100,
      schedule: "cosine",
      device: "auto",
      set: { latentDim: 3, hiddenDims: [64], network: "mlp" },
    });
    writeFileSync(inside("printed.json"), settings);
    expect(await output("train", "vae", "--config", "printed.json", "--print-config")).toBe(settings);
    expect(existsSync(inside("printed"))).toBe(false);
    // Defaults are part of it, the length among them: of few examples it is one that makes a run.
    expect(await json("train", "vae", "--data", "digits", "--print-config")).toMatchObject({ epochs: 20 });
    expect(await json("train", "vae", "--data", "digits:100", "--print-config")).toMatchObject({ epochs: 500 });
    await output("train", "vae", "--config", "printed.json", "--json");
    const { training } = JSON.parse(readFileSync(inside("printed/run.json"), "utf8")) as { training: object };
    expect(training).toMatchObject({ steps: 3, batchSize: 100, schedule: "cosine" });
  });
});

test("training that diverges ends in one line and keeps only finite checkpoints", async () => {
  const flags = ["--data", "digits:500", "--steps", "200", ...small, "--optimizer", "sgd", "--learning-rate", "100"];
  const { code, stderr } = await latentkit.run(
    "train",
    "vae",
    ...flags,
    "--checkpoint-every",
    "1",
    "--out",
    "diverged",
  );
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /\nlatentkit: train: [^\n]+ is not finite (at|after) step \d+[^\n]*, got (NaN|-?Infinity), expected [^\n]+; (the checkpoint of step \d+ is kept|no checkpoint was saved before)\n$/,
  );
  for (const step of existsSync(inside("diverged/checkpoints")) ? readdirSync(inside("diverged/checkpoints")) : []) {
    const bytes = readFileSync(inside("diverged/checkpoints", step, "weights.safetensors"));
    const data = bytes.subarray(8 + Number(bytes.readBigUInt64LE()));
    const values = new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
    expect(values.every(Number.isFinite)).toBe(true);
  }
});

describe("a run", () => {
  const run = "runs/vae-digits-1";

  test("is sampled into a picture, the same for the same seed", async () => {
    expect(await json("sample", run, "--count", "10", "--seed", "5", "--out", "a.png")).toEqual({
      file: "a.png",
      shape: [10, 1, 28, 28],
      run,
      step: 30,
      count: 10,
      seed: 5,
      temperature: 1,
      show: "means",
    });
    await output("sample", run, "--count", "10", "--seed", "5", "--out", "b.png");
    await output("sample", run, "--count", "10", "--seed", "6", "--out", "c.png");
    const picture = png("a.png");
    // 4 columns and 3 rows of 28 pixels with 2 between and around, twice as large.
    expect([picture.width, picture.height, picture.channels]).toEqual([2 * (4 * 30 + 2), 2 * (3 * 30 + 2), 1]);
    expect(readFileSync(inside("b.png")).equals(readFileSync(inside("a.png")))).toBe(true);
    expect(readFileSync(inside("c.png")).equals(readFileSync(inside("a.png")))).toBe(false);
  });

  test("is sampled into numbers that NumPy's format describes, a prefix of more of them", async () => {
    await output("sample", run, "--count", "100", "--out", "a.npy");
    await output("sample", run, "--count", "3", "--out", "b.npy");
    const [many, few] = [readFileSync(inside("a.npy")), readFileSync(inside("b.npy"))];
    const start = 10 + many.readUInt16LE(8);
    expect(start % 64).toBe(0);
    expect([...many.subarray(0, 8)]).toEqual([0x93, ...Buffer.from("NUMPY"), 1, 0]);
    expect(many.toString("latin1", 10, start).replace(/ *\n$/, "")).toBe(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (100, 1, 28, 28), }",
    );
    expect(many.length).toBe(start + 4 * 100 * 784);
    expect(few.subarray(start).equals(many.subarray(start, start + 4 * 3 * 784))).toBe(true);
  });

  test("at temperature 0 samples the same example again and again", async () => {
    await output("sample", run, "--count", "2", "--temperature", "0", "--out", "cold.npy");
    const bytes = readFileSync(inside("cold.npy")).subarray(-2 * 4 * 784);
    expect(bytes.subarray(0, 4 * 784).equals(bytes.subarray(4 * 784))).toBe(true);
  });

  test("reconstructs its own test examples, or others", async () => {
    expect(await json("reconstruct", run, "--count", "4", "--out", "r.png")).toMatchObject({ data: "digits" });
    const picture = png("r.png");
    expect([picture.width, picture.height]).toEqual([2 * (4 * 30 + 2), 2 * (2 * 30 + 2)]);
    const own = await json("reconstruct", run, "--count", "4", "--out", "r.npy");
    expect(own["shape"]).toEqual([4, 1, 28, 28]);
    await json("reconstruct", run, "--count", "4", "--data", "digits:50", "--out", "other.npy");
  });

  test("shows its latent space as a map", async () => {
    expect(await json("manifold", run, "--size", "5", "--out", "m.png")).toMatchObject({ dims: [0, 1], size: 5 });
    const picture = png("m.png");
    expect([picture.width, picture.height]).toEqual([2 * (5 * 30 + 2), 2 * (5 * 30 + 2)]);
    // Exchanging the dimensions mirrors the map at its rising diagonal.
    const values = async (dims: string): Promise<Float32Array> => {
      await output("manifold", run, "--size", "5", "--dims", dims, "--out", "m.npy");
      const data = readFileSync(inside("m.npy")).subarray(-25 * 4 * 784);
      return new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
    };
    const [straight, exchanged] = [await values("0,1"), await values("1,0")];
    const at = (map: Float32Array, row: number, column: number): Float32Array =>
      map.subarray((5 * row + column) * 784, (5 * row + column + 1) * 784);
    for (const [row, column] of [
      [0, 1],
      [2, 4],
      [3, 3],
    ] as const)
      expect(at(exchanged, 4 - column, 4 - row)).toEqual(at(straight, row, column));
  });

  test("is reported in one file: its data, curves and pictures", async () => {
    const written = readFileSync(inside(run, "report.html"), "utf8");
    const { data } = JSON.parse(readFileSync(inside(run, "run.json"), "utf8")) as { data: { fingerprint: string } };
    expect(written).toContain(data.fingerprint);
    for (const name of ["negElbo", "rate", "distortion", "gradientNorm"])
      expect(written).toContain(
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 430 250" width="430" height="250" role="img" aria-label="${name}"`,
      );
    const pictures = [...written.matchAll(/data:image\/png;base64,([^"]+)"/g)].map(([, text]) =>
      Buffer.from(text!, "base64"),
    );
    for (const name of ["reconstructions", "manifold", "samples"])
      expect(pictures.some((picture) => picture.equals(readFileSync(inside(run, `samples/${name}.png`))))).toBe(true);
    expect(await json("report", run, "--out", "again.html")).toEqual({ file: "again.html", run, step: 30 });
    expect(readFileSync(inside("again.html"), "utf8")).toBe(written);
  });

  test("with more than two dimensions shows the two of the highest rate", async () => {
    await output(
      "train",
      "vae",
      "--data",
      "digits:500",
      "--steps",
      "40",
      ...small,
      "--out",
      "wide",
      "--set",
      "latentDim=6",
      "--json",
    );
    const { dims } = (await json("manifold", "wide", "--size", "3", "--out", "w.png")) as { dims: [number, number] };
    expect(new Set(dims).size).toBe(2);
    expect(Math.max(...dims)).toBeLessThan(6);
  });

  test("trained on WebAssembly is sampled on the CPU to the same picture", async () => {
    const flags = ["--data", "digits:500", "--steps", "5", ...small, "--device", "wasm", "--out", "wasm", "--json"];
    expect(jsonLines(await output("train", "vae", ...flags)).at(-1)).toMatchObject({ event: "done" });
    await output("sample", "wasm", "--count", "4", "--device", "wasm", "--out", "on-wasm.png");
    await output("sample", "wasm", "--count", "4", "--device", "cpu", "--out", "on-cpu.png");
    const [onWasm, onCpu] = [png("on-wasm.png").data, png("on-cpu.png").data];
    // Sums in another order may round to the next of 256 grays.
    expect(onWasm.every((gray, i) => Math.abs(gray - onCpu[i]!) <= 1)).toBe(true);
  });

  test("that kept averaged weights is sampled with them", async () => {
    const flags = ["--data", "digits:500", "--steps", "20", ...small, "--seed", "1", "--json"];
    await output("train", "vae", ...flags, "--out", "plain");
    await output("train", "vae", ...flags, "--out", "averaged", "--ema", "0.999");
    await output("sample", "plain", "--count", "1", "--out", "plain.png");
    await output("sample", "averaged", "--count", "1", "--out", "averaged.png");
    expect(readFileSync(inside("averaged.png")).equals(readFileSync(inside("plain.png")))).toBe(false);
  });
});

test.each([
  ["sample", "runs/vae-digits-1", "--count", "4", "--out", "p.png", "--json"],
  ["models", "vae"],
  ["train", "--help"],
  ["sample", "nowhere"],
  ["trian"],
])("%j: a process of its own prints and ends as the one that runs all commands", async (...args) => {
  const shared = await latentkit.run(...args);
  expect(shared.stdout.length + shared.stderr.length).toBeGreaterThan(20);
  expect(await latentkit.start(...args).finished).toEqual(shared);
});

describe("what people read", () => {
  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(join(latentkit.root, "package.json"), "utf8")) as { version: string };
    expect(await output("--version")).toBe(`${version}\n`);
  });

  test("every command has help with its options", async () => {
    const commands = ["train", "sample", "reconstruct", "manifold", "report", "models", "data", "doctor"];
    const help = await output("--help");
    for (const command of commands) {
      expect(help).toContain(`  ${command} `);
      expect(await output(command, "--help")).toContain("--help");
    }
    expect((await output("train", "--help")).replaceAll(/\s+/g, " ")).toContain(
      "adam, adamw, adamax, rmsprop, sgd (default adam)",
    );
    expect(await output("data", "show", "--help")).toContain("--count <n>");
  });

  test("models lists them, and one model's settings with ranges", async () => {
    expect(await output("models")).toMatch(/^vae +Variational auto-encoder.*arXiv:1312\.6114$/m);
    const { settings } = (await json("models", "vae")) as { settings: { key: string }[] };
    expect(settings.find(({ key }) => key === "latentDim")).toEqual({
      key: "latentDim",
      description: "latent dimensions",
      default: 20,
      expected: "an integer from 1 to 4096",
    });
    expect(await output("models", "vae")).toMatch(/latentDim=20 +latent dimensions\n +an integer from 1 to 4096/);
  });

  test("data lists sources and shows one", async () => {
    expect(await output("data", "list")).toMatch(/^digits /);
    const shown = (await json("data", "show", "digits:300", "--count", "3", "--out", "grid.png")) as {
      shape: number[];
      splits: { train: { examples: number; labels: number[] } };
    };
    expect(shown).toMatchObject({ shape: [1, 28, 28], splits: { train: { examples: 300 } } });
    expect(shown.splits.train.labels.reduce((a, b) => a + b)).toBe(300);
    expect([png("grid.png").width, png("grid.png").height]).toEqual([2 * (3 * 30 + 2), 2 * (10 * 30 + 2)]);
    expect(await output("data", "show", "digits:300")).toMatch(/^train +300( +\d+){10}$/m);
  });

  test("doctor multiplies matrices on the CPU", async () => {
    expect(await json("doctor")).toMatchObject({
      node: process.versions.node,
      wasmSimd: true,
      devices: [{ name: "cpu", works: true }, { name: "webgpu" }, { name: "cuda" }, { name: "wasm", works: true }],
    });
    expect(await output("doctor")).toMatch(/^cpu +works$/m);
  });

  test("a reader that stops early is no error", () => {
    const main = join(latentkit.root, "dist/cli/main.js");
    const flags = `train vae --data digits:500 --steps 500 ${small.join(" ")} --json --out piped`;
    const script = `"${process.execPath}" "${main}" ${flags} | head -n 1`;
    expect(execFileSync("sh", ["-c", script], { cwd: latentkit.folder, encoding: "utf8", stdio: "pipe" })).toMatch(
      /^\{"event":"start",.*\}\n$/,
    );
  });
});

test("the example of the README trains through the package's own entries", () => {
  const example = readFileSync(resolve(import.meta.dirname, "../../examples/train-vae.mjs"), "utf8");
  const short = example.replace("epochs: 20", "steps: 40");
  expect(short).not.toBe(example);
  mkdirSync(join(latentkit.root, "examples"));
  const file = join(latentkit.root, "examples/train-vae.mjs");
  writeFileSync(file, short);
  const said = execFileSync(process.execPath, [file], { cwd: latentkit.folder, encoding: "utf8" });
  const [, negElbo] = /negElbo: (\S+),/.exec(said) ?? [];
  // A gray image costs 784 log 2 = 543 nats.
  expect(Number(negElbo)).toBeLessThan(300);
  expect([png("samples.png").width, png("samples.png").height]).toEqual([2 * (8 * 30 + 2), 2 * (8 * 30 + 2)]);
});
