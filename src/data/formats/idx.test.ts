import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import { readIdxDataset } from "./idx-dataset.ts";
import type { ByteFile } from "./byte-file.ts";
import { readIdx } from "./idx.ts";

/** IDX bytes written independently of the reader. */
function idx(code: number, shape: readonly number[], body: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = new DataView(new ArrayBuffer(4 + 4 * shape.length));
  head.setUint8(2, code);
  head.setUint8(3, shape.length);
  shape.forEach((extent, i) => head.setUint32(4 + 4 * i, extent));
  return new Uint8Array(Buffer.concat([new Uint8Array(head.buffer), body]));
}

function file(bytes: Uint8Array<ArrayBuffer>, name = "data.idx", pieces = 7): ByteFile {
  return {
    name,
    size: bytes.length,
    stream: () =>
      new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / pieces))
            controller.enqueue(bytes.slice(at, at + Math.ceil(bytes.length / pieces)));
          controller.close();
        },
      }),
  };
}

const gzipped = (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes));
const bytes = (count: number) => Uint8Array.from({ length: count }, (_, i) => (i * 37) & 0xff);
const images = idx(8, [3, 2, 2], bytes(12));
const labels = idx(8, [3], Uint8Array.of(2, 0, 1));

test.each([
  ["plain", images],
  ["gzip", gzipped(images)],
])("%s bytes, in pieces of any size", async (_, stored) => {
  for (const pieces of [1, 2, 5, stored.length])
    expect(await readIdx(file(stored, "data.idx", pieces))).toEqual({ shape: [3, 2, 2], values: bytes(12) });
});

test.each([
  [0x09, Int8Array.of(-128, 0, 127), "setInt8"],
  [0x0b, Int16Array.of(-32768, 1, 258), "setInt16"],
  [0x0c, Int32Array.of(-(2 ** 31), 1, 16909060), "setInt32"],
  [0x0d, Float32Array.of(-0.1, 1, 3e38), "setFloat32"],
  [0x0e, Float64Array.of(-0.1, 1, 1e300), "setFloat64"],
] as const)("type code %s is read from big-endian", async (code, values, set) => {
  const body = new DataView(new ArrayBuffer(values.byteLength));
  values.forEach((value, i) => body[set](i * values.BYTES_PER_ELEMENT, value));
  const { shape, values: read } = await readIdx(file(idx(code, [3], new Uint8Array(body.buffer))));
  expect(shape).toEqual([3]);
  expect(read).toEqual(values);
});

const big = idx(8, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], bytes(12));
test.each([
  ["empty", new Uint8Array(0), /the file is empty/],
  ["a text file", new TextEncoder().encode("label,pixel\n"), /not an IDX file, got first bytes 6c 61 62 65/],
  ["an unknown type code", idx(7, [3], bytes(3)), /not an IDX file/],
  ["no dimensions", idx(8, [], bytes(1)), /not an IDX file/],
  ["cut in the magic number", images.slice(0, 3), /truncated in its header, got 3 bytes/],
  ["cut in the header", images.slice(0, 10), /truncated in its header, got 10 bytes/],
  ["cut in the values", images.slice(0, 20), /truncated.*12 bytes.*expected 4/],
  ["bytes left over", new Uint8Array([...images, 1]), /left over/],
  ["sizes that lie", idx(8, [1e6, 28, 28], bytes(12)), /truncated.*claims 784000000 bytes/],
  ["sizes beyond any file", big, /claims .* bytes/],
  ["an extent of zero", idx(8, [3, 0, 2], bytes(0)), /holds no values/],
  ["gzip: cut", gzipped(images).slice(0, 25), /gzip/],
  ["gzip: values cut", gzipped(images.slice(0, 20)), /truncated, got 4 bytes of values, expected 12/],
  ["gzip: header cut", gzipped(images.slice(0, 10)), /truncated in its header/],
  ["gzip: bytes left over", gzipped(new Uint8Array([...images, 1])), /left over/],
  ["gzip: sizes no stream of that size can hold", gzipped(idx(8, [1e6, 28, 28], bytes(12))), /compressed bytes/],
  ["gzip: sizes beyond any file", gzipped(big), /compressed bytes/],
  ["gzip: damaged checksum", gzipped(images).map((byte, i, all) => (i === all.length - 5 ? byte ^ 1 : byte)), /gzip/],
  ["gzip: not gzip after its first bytes", Uint8Array.of(0x1f, 0x8b, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9), /gzip/],
])("%s is one line that names the file", async (_, stored, message) => {
  const error = await readIdx(file(stored, "folder/some-images.gz")).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(DataError);
  expect((error as DataError).message).toMatch(message);
  expect((error as DataError).message).toMatch(/^folder\/some-images.gz: [^\n]*, got [^\n]*, expected [^\n]*$/);
});

test("a file above the limit is refused before its values are read", async () => {
  const zeros = gzipped(idx(8, [1000, 1000], new Uint8Array(1e6)));
  await expect(readIdx(file(zeros), { maxBytes: 999_999 })).rejects.toThrow(/too large.*expected at most 999999/);
  expect((await readIdx(file(zeros), { maxBytes: 1e6 })).values.length).toBe(1e6);
});

test("values that memory cannot hold are refused", async () => {
  const stored = { ...file(gzipped(big)), size: 2 ** 100 };
  await expect(readIdx(stored, { maxBytes: Infinity })).rejects.toThrow(
    /data.idx: too large for this machine's memory/,
  );
});

describe("random damage either reads or is a DataError", () => {
  const damage = fc.record({
    stored: fc.constantFrom(images, gzipped(images), labels, gzipped(idx(0x0d, [2, 5], bytes(40)))),
    flips: fc.array(fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), bit: fc.nat(7) }), { maxLength: 6 }),
    keep: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
    append: fc.uint8Array({ maxLength: 4 }),
    pieces: fc.integer({ min: 1, max: 20 }),
  });
  test("bit flips, truncation and additions", async () => {
    await fc.assert(
      fc.asyncProperty(damage, async ({ stored, flips, keep, append, pieces }) => {
        const damaged = new Uint8Array([...stored.slice(0, Math.floor(keep * stored.length)), ...append]);
        for (const { at, bit } of flips)
          if (damaged.length > 0) damaged[Math.min(Math.floor(at * damaged.length), damaged.length - 1)]! ^= 1 << bit;
        const result = await readIdx(file(damaged, "x", pieces)).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(DataError);
        else
          expect((result as { values: ArrayBufferView }).values.byteLength).toBeLessThanOrEqual(damaged.length * 1032);
      }),
      { numRuns: 1000, seed: 1 },
    );
  });
});

describe("datasets", () => {
  test("images gain a channel, labels class names", async () => {
    const dataset = await readIdxDataset({ name: "small", images: file(images), labels: file(gzipped(labels)) });
    expect(dataset).toMatchObject({ shape: [1, 2, 2], size: 3, range: [0, 255], classNames: ["0", "1", "2"] });
    expect(dataset.values).toEqual(bytes(12));
    expect(dataset.labels).toEqual(Uint8Array.of(2, 0, 1));
  });

  test("values beyond float32 are refused, and those that are not finite where the range is known", async () => {
    const doubles = (...values: readonly number[]) => {
      const view = new DataView(new ArrayBuffer(8 * values.length));
      values.forEach((value, i) => view.setFloat64(8 * i, value));
      return file(idx(0x0e, [values.length, 1], new Uint8Array(view.buffer)));
    };
    const open = (images: ByteFile, known = {}) => readIdxDataset({ name: "a", images }, known);
    await expect(open(doubles(0, 1e300))).rejects.toThrow(
      "data.idx: a value is too large for float32, got magnitude 1.00e+300, expected at most 1.70e+38",
    );
    await expect(open(doubles(-2e38, 2e38))).rejects.toThrow("too large for float32");
    const scaling = { range: [0, 1] } as const;
    await expect(open(doubles(0, NaN), { scaling })).rejects.toThrow("a value is not finite, got NaN");
    await expect(open(doubles(0, 1e300), { scaling })).rejects.toThrow("too large for float32");
  });

  test("other types become float32 with their own range", async () => {
    const body = new DataView(new ArrayBuffer(8));
    [-5, 0, 5, 15].forEach((value, i) => body.setInt16(2 * i, value));
    const dataset = await readIdxDataset({ name: "n", images: file(idx(0x0b, [2, 2], new Uint8Array(body.buffer))) });
    expect(dataset).toMatchObject({ shape: [2], size: 2, range: [-5, 15], values: Float32Array.of(-5, 0, 5, 15) });
  });

  const notFinite = new DataView(new ArrayBuffer(8));
  notFinite.setFloat32(4, Number.NaN);
  test.each([
    ["labels where images are expected", { images: file(labels, "images") }, /^images: looks like a labels file/],
    ["images where labels are expected", { labels: file(images, "labels") }, /^labels: looks like an images file/],
    ["fewer labels", { labels: file(idx(8, [2], bytes(2)), "labels") }, /^labels: .*got 2 labels, expected 3/],
    ["labels that are not bytes", { labels: file(idx(0x0c, [3], bytes(12)), "labels") }, /^labels: .*not bytes/],
    [
      "a value that is not finite",
      { images: file(idx(0x0d, [1, 2], new Uint8Array(notFinite.buffer)), "x") },
      /^x: a value is not finite, got NaN/,
    ],
    ["a constant float file", { images: file(idx(0x0d, [1, 2], new Uint8Array(8)), "x") }, /^x: all values are equal/],
  ])("%s", async (_, files, message) => {
    const reading = readIdxDataset({ name: "small", images: file(images), ...files });
    await expect(reading).rejects.toThrow(DataError);
    await expect(reading).rejects.toThrow(message);
  });
});
