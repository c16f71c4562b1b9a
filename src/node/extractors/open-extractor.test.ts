import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { createDataset } from "../../data/dataset.ts";
import { digits } from "../../data/generators/digits.ts";
import { createDataSource, type DataSource, whole } from "../../data/split.ts";
import { readSafetensors, safetensorsChunks } from "../../serialization/safetensors.ts";
import { openExtractor } from "./open-extractor.ts";
import { firstExamples } from "../../data/first-examples.ts";
import { readSmallExtractor, trainSmallExtractor } from "./small-28-file.ts";

const folder = mkdtempSync(join(tmpdir(), "latentkit-extractor-"));
const file = join(folder, "small.safetensors");
let source: DataSource;
let bytes: Uint8Array;

beforeAll(async () => {
  vi.stubEnv("LATENTKIT_CACHE", join(folder, "cache"));
  source = await sourceOf(0.1);
  bytes = Buffer.concat(await trainSmallExtractor(source, { seed: 3 }));
  writeFileSync(file, bytes);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** 600 digits, of which a fraction validates, and 300 to test. */
async function sourceOf(validation: number): Promise<DataSource> {
  const train = whole(await digits({ size: 600 }));
  const held = Math.round(600 * validation);
  return createDataSource({
    name: "digits",
    description: "",
    train: { ...train, indices: train.indices.subarray(held) },
    validation: { ...train, indices: train.indices.subarray(0, held) },
    test: whole(await digits({ size: 300, part: "test" })),
  });
}

test("the same examples and seed give the same bytes, however many of them validate a model", async () => {
  const again = Buffer.concat(await trainSmallExtractor(await sourceOf(0.3), { seed: 3 }));
  expect(again.equals(bytes)).toBe(true);
  const other = Buffer.concat(await trainSmallExtractor(source, { seed: 4 }));
  expect(other.equals(bytes)).toBe(false);
});

test("a file has its training data, and separates classes", async () => {
  const { name, dim, about, features, classify, release } = await readSmallExtractor(file, [1, 28, 28]);
  expect(name).toMatch(/^small-28 v1 \(digits [0-9a-f]{8}, seed 3\)$/);
  expect(about).toMatchObject({ data: "digits", examples: 600, classes: 10, seed: 3, version: "1" });
  expect(about["testError"]).toBeLessThan(0.3);
  const x = firstExamples(source.test, 300);
  expect(dim).toBe(128);
  expect(await features(x)).toHaveLength(300 * 128);
  const probabilities = await classify!(x);
  const { labels } = source.test.dataset;
  const wrong = Array.from({ length: 300 }, (_, i) => probabilities.subarray(10 * i, 10 * i + 10)).filter((p, i) => {
    expect(p.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    return p.indexOf(Math.max(...p)) !== labels![i];
  });
  expect(wrong.length / 300).toBeCloseTo(about["testError"] as number, 10);
  await release();
});

test("images of another size are scaled, of other channels refused", async () => {
  const x = firstExamples(source.test, 20);
  const doubled = new Float32Array(4 * x.length);
  for (let i = 0; i < doubled.length; i++) {
    const [image, row, column] = [Math.floor(i / 3136), Math.floor((i % 3136) / 56), i % 56];
    doubled[i] = x[image * 784 + (row >> 1) * 28 + (column >> 1)]!;
  }
  const [small, large] = await Promise.all([
    readSmallExtractor(file, [1, 28, 28]),
    readSmallExtractor(file, [1, 56, 56]),
  ]);
  const [near, far] = [await small.classify!(x), await large.classify!(doubled)];
  const classOf = (p: Float32Array, i: number): number => {
    const row = p.subarray(10 * i, 10 * i + 10);
    return row.indexOf(Math.max(...row));
  };
  const same = Array.from({ length: 20 }, (_, i) => i).filter((i) => classOf(near, i) === classOf(far, i));
  expect(same.length).toBeGreaterThanOrEqual(18);
  await Promise.all([small.release(), large.release()]);
  await expect(readSmallExtractor(file, [3, 28, 28])).rejects.toThrow(
    "small.safetensors: wrong input, got examples of [3, 28, 28], expected images of 1 channel",
  );
});

test("an extractor is trained once for a source", async () => {
  let steps = 0;
  const onTraining = (): void => void (steps += 1);
  const first = await openExtractor(source, { onTraining });
  expect(steps).toBeGreaterThan(0);
  const trained = steps;
  const second = await openExtractor(source, { spec: "small-28", onTraining });
  expect(steps).toBe(trained);
  expect(second.about).toEqual(first.about);
  await Promise.all([first.release(), second.release()]);
  const cache = join(folder, "cache");
  writeFileSync(join(cache, readdirSync(cache)[0]!), "damaged");
  await expect(openExtractor(source)).rejects.toThrow(/; delete it to have it trained again$/);
});

test("what is no extractor is said in one line", async () => {
  await expect(openExtractor(source, { spec: "smal" })).rejects.toThrow(
    '--extractor: unknown extractor, got "smal", expected small-28, raw, or a file that ends in .safetensors or .onnx; did you mean small-28?',
  );
  await expect(openExtractor(source, { spec: join(folder, "none.safetensors") })).rejects.toThrow(
    /^--extractor: no file that can be read, got .*none\.safetensors, expected one$/,
  );
  if (process.platform !== "win32") {
    execFileSync("mkfifo", [join(folder, "pipe.onnx")]);
    await expect(openExtractor(source, { spec: join(folder, "pipe.onnx") })).rejects.toThrow(
      /^--extractor: not a file, got .*pipe\.onnx, expected one$/,
    );
  }
  const { tensors, metadata } = readSafetensors(bytes, "small");
  const write = (name: string, without: string, changed: Readonly<Record<string, string>>): string => {
    const kept = new Map([...tensors].filter(([tensor]) => tensor !== without));
    const path = join(folder, name);
    writeFileSync(path, Buffer.concat(safetensorsChunks(kept, new Map([...metadata, ...Object.entries(changed)]))));
    return path;
  };
  const shape = [1, 28, 28];
  await expect(readSmallExtractor(write("lacking.safetensors", "output.bias", {}), shape)).rejects.toThrow(
    /lacking\.safetensors: tensor "output.bias" is missing, expected F32 \[10\]$/,
  );
  await expect(readSmallExtractor(write("large.safetensors", "", { classes: "99999999" }), shape)).rejects.toThrow(
    /large\.safetensors: metadata: "classes": /,
  );
  await expect(readSmallExtractor(write("newer.safetensors", "", { version: "2" }), shape)).rejects.toThrow(
    /newer\.safetensors: another version of small-28, got 2, expected 1; /,
  );
  const values = new Float32Array(8);
  const points = whole(
    await createDataset({ name: "points", description: "", shape: [2], size: 4, range: null, values }),
  );
  const unlabeled = await createDataSource({
    name: "points",
    description: "",
    train: points,
    validation: points,
    test: points,
  });
  await expect(openExtractor(unlabeled, { spec: "small-28" })).rejects.toThrow(
    "small-28: learns from labeled images, got points, without labels; use --extractor raw",
  );
  // What is no image is compared as it is.
  const raw = await openExtractor(unlabeled);
  expect(raw).toMatchObject({ name: "raw", dim: 2 });
  expect(await raw.features(Float32Array.of(1, 2, 3, 4))).toEqual(Float32Array.of(1, 2, 3, 4));
});
