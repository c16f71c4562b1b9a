import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readNpy } from "../../src/data/formats/read-npy.ts";
import { openFile } from "../../src/node/data/open-file.ts";
import { readSafetensors } from "../../src/serialization/safetensors.ts";
import { stream } from "../../src/random/index.ts";
import { exportedSamples, largestGap } from "./exported-sampler.ts";
import { install, type Installed } from "./install.ts";
import { outputOf, refusalOf } from "./outcomes.ts";

// Exported files do with ONNX Runtime alone what the commands do.
let latentkit: Installed;
const output = async (...args: readonly string[]): Promise<string> => outputOf(await latentkit.run(...args));
const json = async (...args: readonly string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await output(...args, "--json")) as Record<string, unknown>;
const refusal = async (...args: readonly string[]): Promise<string> => refusalOf(await latentkit.run(...args));
const at = (name: string): string => join(latentkit.folder, name);
const npy = async (name: string) => {
  const { values, shape } = await readNpy((await openFile(at(name)))!);
  return { values: Float32Array.from(values), shape };
};

beforeAll(async () => {
  latentkit = install();
  const short = "--data digits:300 --steps 20 --batch-size 50 --threads 1 --device cpu --json".split(" ");
  await output("train", "vae", ...short, "--set", "hiddenDims=16", "--set", "latentDim=3", "--out", "vae");
  const codes = ["--data", "codes:vae", "--steps", "10", "--threads", "1", "--device", "cpu", "--json"];
  await output("train", "diffusion", ...codes, "--set", "width=16", "--set", "depth=1", "--out", "prior");
});
afterAll(() => latentkit.remove());

test("encoder and decoder give the codes and means that encode and decode write", async () => {
  const { files, functions } = (await json("export", "vae", "--device", "cpu")) as Record<string, unknown[]>;
  expect(functions).toMatchObject([
    { name: "encoder", batch: "any" },
    { name: "decoder", batch: "any" },
    { name: "reconstruction", batch: "any" },
    { name: "elbo", batch: "any" },
    { name: "sampler", batch: "any" },
  ]);
  for (const file of files as string[]) expect(existsSync(at(`vae/export/${file}`))).toBe(true);
  await output("encode", "vae", "--count", "5", "--out", "codes.npy", "--threads", "1", "--json");
  await output("decode", "vae", "codes.npy", "--out", "means.npy", "--threads", "1", "--json");
  const [codes, means] = [await npy("codes.npy"), await npy("means.npy")];
  const decoder = await InferenceSession.create(at("vae/export/decoder.onnx"));
  const { x } = await decoder.run({ z: new Tensor("float32", codes.values, codes.shape) });
  // Means in the data's own units, 0 to 255.
  const farthest = means.values.reduce((most, v, i) => Math.max(most, Math.abs(v - 255 * Number(x!.data[i]))), 0);
  expect(x!.dims).toEqual([...means.shape]);
  expect(farthest).toBeLessThan(0.01);
  await decoder.release();
});

test("weights, metadata and card say what the model is", async () => {
  const { tensors, metadata } = readSafetensors(readFileSync(at("vae/export/weights.safetensors")), "weights");
  expect(tensors.get("decoder.mlp.layers.0.weight")!.shape).toEqual([16, 3]);
  expect(metadata.get("model")).toBe("vae");
  const card = readFileSync(at("vae/export/README.md"), "utf8");
  expect(card).toMatch(/^---\nlibrary_name: latentkit\n/);
  expect(card).toContain("`z` float32 [batch, 3]");
});

test("a run trained on codes comes with what decodes them, and with the steps of its sampler", async () => {
  await output("export", "prior", "--out", "both", "--device", "cpu");
  const manifest = JSON.parse(readFileSync(at("both/latentkit.json"), "utf8")) as {
    codes: { folder: string; latent: string };
    sampling: { steps: readonly { graph: string; at: Record<string, number> }[] };
  };
  expect(manifest.codes).toMatchObject({ folder: "codes", latent: "z" });
  expect(manifest.sampling.steps.length).toBeGreaterThan(5);
  expect(existsSync(at(`both/${manifest.sampling.steps[0]!.graph}.onnx`))).toBe(true);
  expect(existsSync(at("both/codes/decoder.onnx"))).toBe(true);
});

describe("samples of the exported steps alone are distributed as those of the command", () => {
  // Gaps of 1000 and 1000 samples of one distribution are beyond this once in 20,000 times, and the seeds are fixed.
  const most = 2.3 * Math.sqrt(2 / 1000);
  test.each<readonly [string, string, readonly string[], number]>([
    ["diffusion", "toy:moons:200", ["--set", "width=16", "--set", "depth=1"], 1000],
    ["vae", "toy:moons:200", ["--set", "hiddenDims=8", "--set", "latentDim=2"], 1000],
    ["pixelcnn", "digits:200", ["--set", "width=4", "--set", "depth=1", "--set", "hidden=4"], 64],
  ])("%s", async (model, data, settings, count) => {
    const flags = "--steps 40 --batch-size 50 --threads 1 --device cpu --json".split(" ");
    await output("train", model, "--data", data, ...flags, ...settings, "--out", `sampled-${model}`);
    await output("export", `sampled-${model}`, "--device", "cpu");
    const device = ["--device", "cpu", "--threads", "1", "--json"];
    await output("sample", `sampled-${model}`, "--count", String(count), "--out", `${model}.npy`, ...device);
    const { values, shape } = await npy(`${model}.npy`);
    const random = stream(1, "exported");
    const exported = await exportedSamples(at(`sampled-${model}/export`), count, () => random.uniform());
    expect(exported.length).toBe(values.length);
    // A coordinate of points; of pictures the mean of each.
    const size = values.length / count;
    const columns = shape.length === 2 ? [0, 1] : ["mean" as const];
    for (const column of columns) {
      const of = (all: Float32Array, scale: number): readonly number[] =>
        Array.from({ length: count }, (_, i) => {
          const row = all.subarray(i * size, (i + 1) * size);
          return (column === "mean" ? row.reduce((sum, v) => sum + v, 0) / size : row[column]!) / scale;
        });
      const gap = largestGap(of(values, column === "mean" ? 255 : 1), of(exported, 1));
      expect(gap).toBeLessThan(most * Math.sqrt(1000 / count));
    }
  });
});

describe("a Triton model repository", () => {
  test("has a configuration of each model", async () => {
    await output("export", "vae", "--layout", "triton", "--out", "repository", "--device", "cpu");
    expect(existsSync(at("repository/decoder/1/model.onnx"))).toBe(true);
    const config = readFileSync(at("repository/decoder/config.pbtxt"), "utf8");
    expect(config).toContain("max_batch_size: 256");
    expect(config).toContain("dims: [ 1, 28, 28 ]");
    // A temperature has no batch.
    expect(readFileSync(at("repository/sampler/config.pbtxt"), "utf8")).toContain("max_batch_size: 0");
  });

  test("a folder with something in it is left alone", async () => {
    expect(await refusal("export", "vae", "--out", "repository")).toContain(
      "--out: there is something in the folder, got repository with ",
    );
  });
});

const python = [process.env["LATENTKIT_PYTHON"], resolve(".bench-env/bin/python")].find(
  (path) => path !== undefined && spawnSync(path, ["-c", "import onnx, onnxruntime, numpy"]).status === 0,
);
const skipped =
  python === undefined ? " (skipped: no Python with onnx and onnxruntime; name one in LATENTKIT_PYTHON)" : "";
describe.skipIf(python === undefined)(`in Python${skipped}`, () => {
  test.each(["vae/export", "both", "both/codes"])(
    "%s: the card's example runs, and the official checker accepts every file",
    (folder) => {
      const card = readFileSync(at(`${folder}/README.md`), "utf8");
      const example = /```python\n([\s\S]*?)```/.exec(card)![1]!;
      const check = "import glob, onnx\nfor f in glob.glob('*.onnx'): onnx.checker.check_model(f, full_check=True)\n";
      const { status, stderr } = spawnSync(python!, ["-c", example + check], { cwd: at(folder), encoding: "utf8" });
      expect([status, stderr]).toEqual([0, ""]);
    },
  );
});
