import { deflateSync, gzipSync } from "node:zlib";
import { npyBytes, npyHeader } from "../../../src/data/formats/npy.ts";
import { tarOf } from "../../tar-file.ts";
import { zip } from "../../zip-file.ts";
import type { Fuzzer, Seed } from "../fuzzing/fuzzer.ts";
import { dataReader, text } from "./open-data.ts";

const values = Float32Array.from({ length: 240 }, (_, i) => Math.sin(i));
const joined = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

/** A file of NumPy's version 1, with numbers or text of any type. */
function npyOf(type: string, shape: readonly number[], body: Uint8Array, fortran = false): Uint8Array {
  const dictionary = `{'descr': '${type}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${shape.join(", ")},), }`;
  const size = Buffer.alloc(2);
  size.writeUInt16LE(dictionary.length);
  return joined(Uint8Array.of(0x93), text("NUMPY"), Uint8Array.of(1, 0), size, text(dictionary), body);
}

const zeros = (count: number): Uint8Array => new Uint8Array(count);
const bytesOf = (of: ArrayBufferView): Uint8Array => new Uint8Array(of.buffer, of.byteOffset, of.byteLength);
const doubles = bytesOf(Float64Array.from(values));
const labels = bytesOf(Uint8Array.from({ length: 60 }, (_, i) => i % 3));
const names = Buffer.from(Array.from({ length: 60 }, (_, i) => ["cat", "dog"][i % 2]!).join(""));
const npys: readonly Uint8Array[] = [
  joined(npyHeader([60, 4]), npyBytes(values)),
  npyOf("<f8", [60, 4], doubles),
  npyOf(">f8", [4, 60], doubles, true),
  npyOf(
    "<i8",
    [60, 2],
    zeros(960).map((_, i) => (i % 8 === 0 ? i % 256 : 0)),
  ),
  npyOf("|u1", [15, 4, 4], bytesOf(Uint8Array.from(values.slice(0, 240), (value) => 100 * Math.abs(value)))),
  npyOf(
    "|b1",
    [60, 4],
    zeros(240).map((_, i) => i % 2),
  ),
];

export const npy: Fuzzer = {
  name: "npy",
  seeds: () => npys.map((bytes) => ({ name: "a.npy", bytes })),
  reader: dataReader(),
};

/** A damaged array in a whole archive, beside whole ones. */
const inZip =
  (name: string, deflate: boolean): NonNullable<Seed["pack"]> =>
  (bytes) =>
    zip([
      { name, bytes, deflate },
      ...(name === "x.npy" ? [] : [{ name: "x.npy", bytes: npys[1]! }]),
      ...(name === "y.npy" ? [] : [{ name: "y.npy", bytes: npyOf("|u1", [60], labels), deflate }]),
    ]);

export const npz: Fuzzer = {
  name: "npz",
  seeds: () => [
    ...npys.map((bytes, i): Seed => ({ name: "a.npz", bytes, pack: inZip("x.npy", i % 2 === 0) })),
    { name: "a.npz", bytes: npyOf("|u1", [60], labels), pack: inZip("y.npy", false) },
    { name: "a.npz", bytes: npyOf("|S3", [60], names), pack: inZip("y.npy", false) },
    { name: "a.npz", bytes: npyOf("<U1", [60], bytesOf(new Uint32Array(60).fill(97))), pack: inZip("y.npy", true) },
    { name: "a.npz", bytes: npyOf("<f4", [60, 1], bytesOf(values.slice(0, 60))), pack: inZip("age.npy", true) },
    { name: "a.npz", bytes: zip([{ name: "x.npy", bytes: npys[0]! }], { zip64: true }) },
    { name: "a.npz", bytes: zip([{ name: "x.npy", bytes: npys[0]!, deflate: true }]) },
  ],
  reader: dataReader(),
};

function idxOf(code: number, shape: readonly number[], body: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, code, shape.length]);
  shape.forEach((extent, i) => head.writeUInt32BE(extent, 4 + 4 * i));
  return joined(head, body);
}

export const idx: Fuzzer = {
  name: "idx",
  seeds: () => [
    {
      name: "a-idx3-ubyte",
      bytes: idxOf(
        8,
        [20, 3, 4],
        zeros(240).map((_, i) => i),
      ),
    },
    {
      name: "a-idx3-ubyte",
      bytes: idxOf(
        0x0b,
        [20, 6],
        zeros(240).map((_, i) => i),
      ),
    },
    {
      name: "a-idx3-ubyte",
      bytes: idxOf(
        0x0d,
        [10, 6],
        zeros(240).map((_, i) => [0x3f, i][i % 2]!),
      ),
    },
    {
      name: "a-idx3-ubyte",
      bytes: idxOf(
        0x0e,
        [5, 6],
        zeros(240).map((_, i) => [0x3f, i][i % 2]!),
      ),
    },
    {
      name: "a-idx3-ubyte.gz",
      bytes: idxOf(
        8,
        [20, 3, 4],
        zeros(240).map((_, i) => i),
      ),
      pack: (bytes) => gzipSync(bytes),
    },
  ],
  reader: dataReader(),
};

/** What scipy.io.savemat writes after the header: numbers and text, cell arrays, a struct. */
const matlab = [
  "DgAAAGAAAAAGAAAACAAAAAYAAAAAAAAABQAAAAgAAAADAAAAAgAAAAEAAQBYAAAACQAAADAAAAAAAAAAAAAAAAAAAAAAAAhAAAAAAAAAGEAAAAAAAAD4PwAAAAAAABJAAAAAAAAAHkAOAAAAQAAAAAYAAAAIAAAABAAAAAAAAAAFAAAACAAAAAMAAAADAAAAAQABAHkAAAAQAAAACQAAAGNkY2FvYXRndAAAAAAAAAA=",
  "DwAAAHMAAAB4nONjYGBoAGI2IOYAYk4GCGAFYgEgZgJiZihmAWJGIIyAinuAFKrwGEjYsGgImMg4cOiIWCi4MKryGkrasmoKmso6cuqKWiq6MqnxGUnZsWkJmck5cemJWSm5MavzG0vbs2sLm8s7c+uLWyu7AwDwuwtnDwAAAC8AAAB4nONjYGAIAGI2IOYAYj4GCGCF8lmAmBGMGRkqgTQPECswIAAjlGZiQAUAR44BNw==",
  "DwAAADYAAAB4nONjYGCIAGI2IOaA0iDACuUzQTEjELMDcUV8SVFiZh4DJ5CtwIABHCDUB3sIzeEAAM0xBWkPAAAAPgAAAHic42NgYFgAxGxAzAHEjAwQwIrEZ4LS7EBcGV9SlJiZx8AHZBsg6WPBoo8RyTwBICsJSJOjLxFIAwA2eAVxDwAAADEAAAB4nONjYGDwAGI2IOaA0iDACuUzAjETlAbJVcSXpBaXMDBwAtkCDDDwwR5GAwB/yAWQDwAAADUAAAB4nONjYGAIAGI2IOaA0iDACuUzATEjFHMCcWJ6anxJUWJmHlQdSEyAAQY4HCC0gAMAs4ME6A==",
  "DwAAADoAAAB4nONjYGCoAGI2IOYAYiYGCGCF8hnhmJEhAizOAlbDCCQTgTQfEFsg6WfDqR8COKHiEPDBHgCkVQMZDwAAACwAAAB4nONjYGBwAGI2IOaA0iDACuUzAjETmGZkqATSnEAswAADH+yhDAcAOBECdg==",
].map((body) => Buffer.from(body, "base64"));
const matHeader = Buffer.alloc(128);
matHeader.write("MATLAB 5.0 MAT-file".padEnd(116), "latin1");
matHeader.set([0, 1, 0x49, 0x4d], 124);

/** A variable, deflated. */
function deflated(bytes: Uint8Array): Uint8Array {
  const body = deflateSync(bytes);
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(15, 0);
  tag.writeUInt32LE(body.length, 4);
  return joined(matHeader, tag, body);
}

export const mat: Fuzzer = {
  name: "mat",
  seeds: () => [
    ...matlab.map((body) => ({ name: "a.mat", bytes: joined(matHeader, body) })),
    { name: "a.mat", bytes: matlab[0]!, pack: deflated },
    { name: "a.mat", bytes: matlab[0]!.subarray(0, 0x68), pack: deflated },
  ],
  reader: dataReader(),
};

export const cifar: Fuzzer = {
  name: "cifar",
  seeds: () => [
    {
      name: "cifar-10-binary.tar.gz",
      bytes: tarOf([
        ["readme.html", zeros(700)],
        ["data_batch_1.bin", zeros(3073)],
        ["test_batch.bin", zeros(3073)],
      ]),
      pack: (bytes) => gzipSync(bytes),
    },
  ],
  reader: dataReader(),
};
