import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import { arrayDatasets } from "../arrays/array-dataset.ts";
import { readMat } from "./mat.ts";

/** What scipy.io.savemat writes after the header. */
const written = {
  /** X = arange(6).reshape(3, 2) * 1.5 and y = ["cat", "dog", "cat"]. */
  plain:
    "DgAAAGAAAAAGAAAACAAAAAYAAAAAAAAABQAAAAgAAAADAAAAAgAAAAEAAQBYAAAACQAAADAAAAAAAAAAAAAAAAAAAAAAAAhAAAAAAAAAGEAAAAAAAAD4PwAAAAAAABJAAAAAAAAAHkAOAAAAQAAAAAYAAAAIAAAABAAAAAAAAAAFAAAACAAAAAMAAAADAAAAAQABAHkAAAAQAAAACQAAAGNkY2FvYXRndAAAAAAAAAA=",
  /** X = arange(72).reshape(2, 3, 3, 4) as uint8 and y = [[0], [1], [2], [0]], compressed. */
  images:
    "DwAAAHMAAAB4nONjYGBoAGI2IOYAYk4GCGAFYgEgZgJiZihmAWJGIIyAinuAFKrwGEjYsGgImMg4cOiIWCi4MKryGkrasmoKmso6cuqKWiq6MqnxGUnZsWkJmck5cemJWSm5MavzG0vbs2sLm8s7c+uLWyu7AwDwuwtnDwAAAC8AAAB4nONjYGAIAGI2IOYAYj4GCGCF8lmAmBGMGRkqgTQPECswIAAjlGZiQAUAR44BNw==",
  /** x_train = arange(4).reshape(2, 2), y_train a cell array of "b" and "a", x_test = ones((1, 2)), age_train = [[3], [4]], compressed. */
  parts:
    "DwAAADYAAAB4nONjYGCIAGI2IOaA0iDACuUzQTEjELMDcUV8SVFiZh4DJ5CtwIABHCDUB3sIzeEAAM0xBWkPAAAAPgAAAHic42NgYFgAxGxAzAHEjAwQwIrEZ4LS7EBcGV9SlJiZx8AHZBsg6WPBoo8RyTwBICsJSJOjLxFIAwA2eAVxDwAAADEAAAB4nONjYGDwAGI2IOaA0iDACuUzAjETlAbJVcSXpBaXMDBwAtkCDDDwwR5GAwB/yAWQDwAAADUAAAB4nONjYGAIAGI2IOaA0iDACuUzATEjFHMCcWJ6anxJUWJmHlQdSEyAAQY4HCC0gAMAs4ME6A==",
  /** X a struct, y = [1, 2]. */
  struct:
    "DwAAADoAAAB4nONjYGCoAGI2IOYAYiYGCGCF8hnhmJEhAizOAlbDCCQTgTQfEFsg6WfDqR8COKHiEPDBHgCkVQMZDwAAACwAAAB4nONjYGBwAGI2IOaA0iDACuUzAjETmGZkqATSnEAswAADH+yhDAcAOBECdg==",
};

function mat(body: string, { text = "MATLAB 5.0 MAT-file", version = 1 } = {}): File {
  const header = Buffer.alloc(128);
  header.write(text.padEnd(116), "latin1");
  header.set([0, version, 0x49, 0x4d], 124);
  return new File([header, Buffer.from(body, "base64")], "a.mat");
}

test("matrices are read by rows, with text as labels", async () => {
  const { whole } = await readMat(mat(written.plain));
  expect(whole!.examples.shape).toEqual([3, 2]);
  expect([...whole!.examples.values]).toEqual([0, 1.5, 3, 4.5, 6, 7.5]);
  const { whole: dataset } = await arrayDatasets("a", { whole: whole! });
  expect([dataset!.classNames, [...dataset!.labels!]]).toEqual([
    ["cat", "dog"],
    [0, 1, 0],
  ]);
});

test("images along the last axis become examples", async () => {
  const { whole } = await readMat(mat(written.images));
  expect(whole!.examples.shape).toEqual([4, 2, 3, 3]);
  const { whole: dataset } = await arrayDatasets("a", { whole: whole! });
  expect(dataset).toMatchObject({ shape: [3, 2, 3], size: 4, range: [0, 255] });
  const values = dataset!.values as Uint8Array;
  // X[y, x, channel, n] = ((3 y + x) 3 + channel) 4 + n.
  const at = (n: number, channel: number, y: number, x: number): number => values[((n * 3 + channel) * 2 + y) * 3 + x]!;
  expect([at(0, 0, 0, 0), at(3, 0, 0, 0), at(1, 2, 1, 2)]).toEqual([0, 3, ((3 + 2) * 3 + 2) * 4 + 1]);
  expect([...dataset!.labels!]).toEqual([0, 1, 2, 0]);
});

test("parts, cell arrays of text and fields are found by their names", async () => {
  const { train, test: tested } = await readMat(mat(written.parts));
  const datasets = await arrayDatasets("a", { train: train!, test: tested! });
  expect([...datasets.train!.labels!]).toEqual([1, 0]);
  expect([...datasets.train!.fields!["age"]!.values]).toEqual([3, 4]);
  expect(datasets.test).toMatchObject({ size: 1, shape: [2] });
});

test.each([
  ["a struct", mat(written.struct), /a\.mat\/X: not an array of numbers, got a struct, expected numbers/],
  [
    "version 7.3",
    mat("", { text: "MATLAB 7.3 MAT-file" }),
    /version 7\.3 \(HDF5\).*save\("x\.mat", "x", "y", "-v7"\)$/,
  ],
  ["another file", mat("", { text: "hello" }), /not a MATLAB file of version 5, got "hello/],
  ["nothing", new File([], "a.mat"), /truncated in its header/],
  ["half of one", mat(written.plain.slice(0, 60)), /truncated/],
])("%s is refused in one line", async (_, file, message) => {
  await expect(readMat(file)).rejects.toThrow(DataError);
  await expect(readMat(file)).rejects.toThrow(message);
});

test("damage anywhere is told in one line, or read", async () => {
  const whole = Buffer.from(written.plain, "base64");
  for (let at = 0; at < whole.length; at++)
    for (const flip of [1, 0x80]) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= flip;
      const result = await readMat(mat(damaged.toString("base64"))).catch((error: unknown) => error);
      if (result instanceof Error) expect(result).toBeInstanceOf(DataError);
    }
});

/** An element: type and bytes, padded to 8. */
function element(type: number, data: Uint8Array): Uint8Array {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc((8 - (data.length % 8)) % 8)]);
}
const int32 = (...values: readonly number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer);
const [bytes, int, uint, matrix, compressed] = [2, 5, 6, 14, 15];
const matrixOf = (form: number, dims: readonly number[], body: Uint8Array): Uint8Array =>
  element(
    matrix,
    Buffer.concat([element(uint, int32(form, 0)), element(int, int32(...dims)), element(1, Buffer.from("x")), body]),
  );
const packed = (of: Uint8Array): Uint8Array => element(compressed, deflateSync(of));
const [cellForm, textForm, bytesForm] = [1, 4, 9];

test.each([
  ["packed bytes too few for a tag", packed(Uint8Array.of(1, 2)), "truncated in a tag, got 2 bytes, expected 8"],
  [
    "a packed variable without end",
    packed(Buffer.concat([int32(matrix, 2 ** 31 - 1), Buffer.alloc(2 ** 20)])),
    "too large, got a variable of 2147483647 bytes in",
  ],
  [
    "rows of text without end",
    matrixOf(textForm, [2 ** 31 - 1, 0], element(bytes, new Uint8Array())),
    "no examples|not an array of numbers, got text",
  ],
  [
    "negative extents",
    matrixOf(bytesForm, [-2, -2], element(bytes, Uint8Array.of(1, 2, 3, 4))),
    "a size that no array has, got -2 x -2, expected 2 to 32 extents",
  ],
  [
    "one extent",
    matrixOf(bytesForm, [4], element(bytes, Uint8Array.of(1, 2, 3, 4))),
    "a size that no array has, got 4,",
  ],
])("%s are refused in one line", async (_, body, message) => {
  await expect(readMat(mat(Buffer.from(body).toString("base64")))).rejects.toThrow(new RegExp(message));
});

test("cells within cells, however deep, are not text", async () => {
  let cell = matrixOf(cellForm, [0, 0], new Uint8Array());
  for (let depth = 0; depth < 10_000; depth++)
    cell = matrixOf(cellForm, [1, 1], depth % 100 === 0 ? Buffer.from(cell) : cell);
  await expect(readMat(mat(Buffer.from(cell).toString("base64")))).rejects.toThrow(
    "not an array of numbers, got a cell array",
  );
});
