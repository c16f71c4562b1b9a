import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { tarOf } from "../../../test/tar-file.ts";
import { DataError } from "../../errors.ts";
import { readCifar10 } from "./cifar10.ts";

const BATCH = 10_000 * 3073;

const tar = (files: Parameters<typeof tarOf>[0]): File =>
  new File([new Uint8Array(gzipSync(tarOf(files), { level: 1 }))], "cifar-10-binary.tar.gz");

/** Record i: label i mod 10, then every byte i mod 251. */
function batch(first: number): Uint8Array {
  const bytes = new Uint8Array(BATCH);
  for (let i = 0; i < 10_000; i++) bytes.fill((first + i) % 251, i * 3073, (i + 1) * 3073)[i * 3073] = i % 10;
  return bytes;
}

const names = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat("test_batch.bin");

test("the batches in any order, beside other files", async () => {
  const files = names.map((name, b) => [`cifar-10-batches-bin/${name}`, batch(b)] as const);
  const {
    train,
    validation,
    test: tested,
  } = await readCifar10(tar([["readme.html", new Uint8Array(70_000)], ...files.toReversed()]));
  expect([train, validation, tested].map(({ indices }) => indices.length)).toEqual([45_000, 5000, 10_000]);
  expect(train.dataset).toMatchObject({ shape: [3, 32, 32], range: [0, 255], size: 50_000 });
  expect(train.dataset.classNames?.slice(0, 2)).toEqual(["airplane", "automobile"]);
  const values = train.dataset.values as Uint8Array;
  for (const i of [0, 1, 9999, 10_000, 49_999]) {
    const expected = (Math.floor(i / 10_000) + (i % 10_000)) % 251;
    expect([values[i * 3072], values[(i + 1) * 3072 - 1]]).toEqual([expected, expected]);
    expect(train.dataset.labels![i]).toBe((i % 10_000) % 10);
  }
});

test.each([
  ["what is no gzip", () => new File(["hello"], "a.tar.gz"), /a\.tar\.gz: damaged or truncated gzip data/],
  [
    "what is no tar",
    () => new File([new Uint8Array(gzipSync(Buffer.alloc(2000, 65)))], "a.tar.gz"),
    /not CIFAR-10's archive/,
  ],
  ["too few batches", () => tar([[names[0]!, new Uint8Array(BATCH)]]), /not CIFAR-10's archive|lacks batches/],
  [
    "a batch of another size",
    () => tar([[names[0]!, new Uint8Array(3073)]]),
    /data_batch_1\.bin has a wrong size, got 3073/,
  ],
])("%s is refused", async (_, file, message) => {
  const reading = readCifar10(file());
  await expect(reading).rejects.toThrow(DataError);
  await expect(reading).rejects.toThrow(message);
});
