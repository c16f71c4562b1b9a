import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeNpy } from "../../data/formats/npy.ts";
import { DataError, LatentkitError } from "../../errors.ts";
import { listDataSources, openDataSource } from "./source.ts";

/** IDX bytes of n examples, each value the example's index. */
function idx(count: number, ...shape: readonly number[]): Uint8Array {
  const size = shape.reduce((a, b) => a * b, 1);
  const head = new DataView(new ArrayBuffer(8 + 4 * shape.length));
  [0x0800 + shape.length + 1, count, ...shape].forEach((word, i) => head.setUint32(4 * i, word));
  const body = Uint8Array.from({ length: count * size }, (_, i) => Math.floor(i / size) % 256);
  return Buffer.concat([new Uint8Array(head.buffer), body]);
}

let folder = "";
const at = (...parts: string[]) => join(folder, ...parts);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "latentkit-data-"));
  await mkdir(at("mnist-like"));
  await mkdir(at("spelled"));
  await mkdir(at("partial"));
  for (const [part, count] of [
    ["train", 50],
    ["t10k", 20],
  ] as const) {
    await writeFile(at("mnist-like", `${part}-images-idx3-ubyte.gz`), gzipSync(idx(count, 4, 5)));
    await writeFile(at("mnist-like", `${part}-labels-idx1-ubyte.gz`), gzipSync(idx(count)));
    await writeFile(at("spelled", `${part}-images.idx3-ubyte`), idx(count, 4, 5));
    await writeFile(at("spelled", `${part}-labels.idx1-ubyte`), idx(count));
  }
  await writeFile(at("partial", "train-images-idx3-ubyte"), idx(50, 4, 5));
  await writeFile(at("notes.txt"), "hello, not an IDX file");
  await writeFile(at("faces.idx"), idx(30, 4, 5));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a folder with MNIST's four names", () => {
  test.each(["mnist-like", "spelled"])("%s", async (name) => {
    const source = await openDataSource(at(name), { seed: 1 });
    expect(source.name).toBe(name);
    expect([source.train, source.validation, source.test].map(({ indices }) => indices.length)).toEqual([45, 5, 20]);
    expect(source.train.dataset).toBe(source.validation.dataset);
    expect(source.test.dataset).toMatchObject({ shape: [1, 4, 5], size: 20 });
    expect(source.test.dataset.labels).toEqual(Uint8Array.from({ length: 20 }, (_, i) => i));
  });

  test("both spellings, plain or compressed, are the same data", async () => {
    const { fingerprint } = await openDataSource(at("mnist-like"));
    expect((await openDataSource(at("spelled"))).fingerprint).toBe(fingerprint);
    expect((await openDataSource(at("spelled"), { seed: 1 })).fingerprint).not.toBe(fingerprint);
  });

  test("shapes that differ are refused", async () => {
    await mkdir(at("mixed"));
    for (const [part, side] of [
      ["train", 4],
      ["t10k", 5],
    ] as const) {
      await writeFile(at("mixed", `${part}-images-idx3-ubyte`), idx(10, side, 4));
      await writeFile(at("mixed", `${part}-labels-idx1-ubyte`), idx(10));
    }
    await expect(openDataSource(at("mixed"))).rejects.toThrow(
      /t10k-images-idx3-ubyte: .*got \[1, 5, 4\], expected \[1, 4, 4\]/,
    );
  });
});

describe("one IDX file", () => {
  test("without labels", async () => {
    const source = await openDataSource(at("faces.idx"));
    expect([source.train, source.validation, source.test].map(({ indices }) => indices.length)).toEqual([24, 3, 3]);
    expect(source.train.dataset.labels).toBeUndefined();
  });

  test("with the labels beside it", async () => {
    const source = await openDataSource(at("mnist-like", "t10k-images-idx3-ubyte.gz"));
    expect(source.train.dataset.labels?.length).toBe(20);
  });
});

describe("NumPy files", () => {
  const npy = (shape: readonly number[], values: readonly number[]) =>
    Buffer.concat(encodeNpy(shape, Float32Array.from(values)));

  test("rows are examples, and a tenth each is held out", async () => {
    await writeFile(
      at("x.npy"),
      npy(
        [40, 3],
        Array.from({ length: 120 }, (_, i) => i),
      ),
    );
    const source = await openDataSource(at("x.npy"));
    expect([source.train, source.validation, source.test].map(({ indices }) => indices.length)).toEqual([32, 4, 4]);
    expect(source.train.dataset).toMatchObject({ shape: [3], size: 40, range: null });
  });

  test("what is not one is refused by name", async () => {
    await writeFile(at("no.npy"), "hello, not NumPy");
    await expect(openDataSource(at("no.npy"))).rejects.toThrow(/no\.npy: not a NumPy array/);
    await writeFile(at("no.npz"), "hello, not NumPy");
    await expect(openDataSource(at("no.npz"))).rejects.toThrow(/no\.npz: not a ZIP archive/);
  });

  const binarized = "../shared/data/binarized_mnist/binarized_mnist_packed.npz";
  test.skipIf(!existsSync(binarized))("an archive NumPy wrote (skipped where ../shared/data is absent)", async () => {
    const { train, validation, test: tested } = await openDataSource(binarized);
    expect([train.indices.length, validation.indices.length, tested.indices.length]).toEqual([50_000, 10_000, 10_000]);
    // Each byte holds eight pixels of Larochelle's binarization, whose means are known.
    const means = [train, validation, tested].map(({ dataset }) => {
      let ones = 0;
      for (let byte of dataset.values as Uint8Array) for (; byte > 0; byte >>= 1) ones += byte & 1;
      return ones / (dataset.size * 784);
    });
    [0.130562, 0.131127, 0.132512].forEach((mean, i) => expect(means[i]).toBeCloseTo(mean, 6));
  });
});

describe("digits", () => {
  test("that are too many are named by what asked for them", async () => {
    await expect(openDataSource("digits:10", { validation: 2e6 })).rejects.toThrow(
      /^digits: validation out of range, got 2000000, expected an integer from 1 to 1000000$/,
    );
  });

  test("takes the number of training digits", async () => {
    const source = await openDataSource("digits:300");
    expect([source.train, source.validation, source.test].map(({ indices }) => indices.length)).toEqual([300, 30, 30]);
  });
});

test.each([
  ["digts", /got "digts", expected digits, sprites, toy:NAME or .*; did you mean digits\?$/],
  ["no-such-folder/mnist", /no such source, got "no-such-folder\/mnist"/],
  ["", /no such source, got ""/],
  ["digits:many", /not a number of examples, got "many", expected digits:N/],
  ["digits:-5", /not a number of examples/],
  ["digits:0", /size out of range/],
  ["digits:99999999999", /size out of range/],
  ["digits:1:2", /no such source/],
])("%s", async (spec, message) => {
  const opening = openDataSource(spec);
  await expect(opening).rejects.toThrow(LatentkitError);
  await expect(opening).rejects.toThrow(message);
});

test.each([
  ["partial", /partial: a file is missing, got no train-labels-idx1-ubyte, expected it \(or .*\.gz.*\)$/],
  ["notes.txt", /notes.txt: no rows, got none, expected some/],
  [join("mnist-like", "t10k-labels-idx1-ubyte.gz"), /looks like a labels file/],
])("%s in a folder", async (name, message) => {
  const opening = openDataSource(at(name));
  await expect(opening).rejects.toThrow(DataError);
  await expect(opening).rejects.toThrow(message);
});

test("what is listed as built in opens", async () => {
  for (const { spec } of listDataSources().slice(0, 3)) {
    const { train } = await openDataSource(`${spec.replace("NAME", "moons")}:20`);
    expect(train.indices.length).toBe(20);
  }
});

const mnist = "../shared/data/mnist";
test.skipIf(!existsSync(mnist))("MNIST itself (skipped where ../shared/data is absent)", async () => {
  const { train, validation, test: tested } = await openDataSource(mnist);
  expect([train.indices.length, validation.indices.length, tested.indices.length]).toEqual([54_000, 6_000, 10_000]);
  const { labels } = train.dataset;
  const values = train.dataset.values as Uint8Array;
  const histogram = Array.from({ length: 10 }, () => 0);
  for (const label of labels!) histogram[label]!++;
  expect(histogram).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  let sum = 0;
  for (const value of values) sum += value;
  expect(sum / values.length / 255).toBeCloseTo(0.1306605, 6);
  expect(Array.from(tested.dataset.labels!.subarray(0, 5))).toEqual([7, 2, 1, 0, 4]);
});
