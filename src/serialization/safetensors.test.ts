import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CheckpointError } from "../errors.ts";
import { readSafetensors, safetensorsChunks, type SafetensorsTensor } from "./safetensors.ts";

function fileOf(tensors: ReadonlyMap<string, SafetensorsTensor>, metadata?: ReadonlyMap<string, string>): Uint8Array {
  return new Uint8Array(Buffer.concat(safetensorsChunks(tensors, metadata)));
}

/** A file with a header given as text and `dataBytes` zeros. */
function handMade(header: string, dataBytes: number, claimedLength = BigInt(Buffer.byteLength(header))): Uint8Array {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(claimedLength);
  return new Uint8Array(Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(dataBytes)]));
}

const everyDtype = new Map<string, SafetensorsTensor>([
  ["flag", { dtype: "BOOL", shape: [3], data: new Uint8Array([1, 0, 1]) }],
  [
    "encoder.layers.0.weight",
    { dtype: "F32", shape: [2, 3], data: new Float32Array([1, -0.5, Infinity, -0, 1e-42, NaN]) },
  ],
  ["double", { dtype: "F64", shape: [2], data: new Float64Array([Math.PI, -1e300]) }],
  ["cursor", { dtype: "I64", shape: [2], data: new BigInt64Array([-(2n ** 63n), 2n ** 63n - 1n]) }],
  ["codes", { dtype: "I32", shape: [1, 2], data: new Int32Array([-7, 2 ** 31 - 1]) }],
  ["counts", { dtype: "U32", shape: [1], data: new Uint32Array([2 ** 32 - 1]) }],
  ["bytes", { dtype: "U8", shape: [5], data: new Uint8Array([0, 1, 127, 128, 255]) }],
  ["scalar", { dtype: "F32", shape: [], data: new Float32Array([2.5]) }],
  ["empty", { dtype: "F32", shape: [0, 4], data: new Float32Array(0) }],
  ["__proto__", { dtype: "U8", shape: [1], data: new Uint8Array([9]) }],
  ["../../etc/passwd", { dtype: "U8", shape: [1], data: new Uint8Array([8]) }],
  ['größe \u{1f41f} "quoted"', { dtype: "U8", shape: [1], data: new Uint8Array([7]) }],
]);
const metadata = new Map([
  ["format", "latentkit"],
  ["note", 'a "quoted" line\nand another'],
]);

test("a file is read from a Buffer too, wherever its data begin", () => {
  const header =
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"I64","shape":[1],"data_offsets":[4,12]}}';
  const whole = handMade(header, 12);
  whole.set([0, 0, 0x80, 0x3f, 7], whole.length - 12);
  for (let at = 0; at < 8; at++) {
    const held = Buffer.alloc(whole.length + at);
    held.set(whole, at);
    const { tensors } = readSafetensors(held.subarray(at), "a");
    expect([...tensors.get("a")!.data, ...tensors.get("b")!.data]).toEqual([1, 7n]);
  }
});

describe("writing and reading", () => {
  test("gives every dtype, odd name and metadata back unchanged", () => {
    const read = readSafetensors(fileOf(everyDtype, metadata), "weights");
    expect(read.tensors).toEqual(everyDtype);
    expect(read.metadata).toEqual(metadata);
  });

  test("writes exactly the bytes the format defines", () => {
    const tensors = new Map([["a", { dtype: "F32", shape: [1], data: new Float32Array([1]) } as const]]);
    const header = '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'.padEnd(56);
    expect(Buffer.from(fileOf(tensors))).toEqual(
      Buffer.concat([Buffer.from([56, 0, 0, 0, 0, 0, 0, 0]), Buffer.from(header), Buffer.from([0, 0, 0x80, 0x3f])]),
    );
  });

  test("does not depend on the map's order", () => {
    expect(fileOf(new Map([...everyDtype].toReversed()))).toEqual(fileOf(everyDtype));
  });

  test("neither writing nor reading copies aligned data", () => {
    const chunks = safetensorsChunks(everyDtype);
    const memories = new Set([...everyDtype.values()].map(({ data }) => data.buffer));
    expect(chunks.slice(1).every((chunk) => memories.has(chunk.buffer))).toBe(true);
    const file = fileOf(everyDtype);
    for (const { data } of readSafetensors(file, "weights").tensors.values()) expect(data.buffer).toBe(file.buffer);
  });

  test("reads a file that starts at an odd address", () => {
    const file = fileOf(everyDtype);
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    expect(readSafetensors(shifted.subarray(1), "weights")).toEqual(readSafetensors(file, "weights"));
  });

  test("refuses to write what the format cannot hold", () => {
    const data = new Float32Array(2);
    expect(() => fileOf(new Map([["a", { dtype: "F32", shape: [3], data }]]))).toThrow(
      /"a": length is wrong, got 8 bytes, expected 12/,
    );
    expect(() => fileOf(new Map([["__metadata__", { dtype: "F32", shape: [2], data }]]))).toThrow(/reserved/);
    expect(() => fileOf(new Map([["a\u0000b", { dtype: "F32", shape: [2], data }]]))).toThrow(/control characters/);
  });
});

const entry = (shape: string, offsets: string, dtype = "F32"): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

describe("hostile files", () => {
  test.each<[what: string, file: Uint8Array, message: RegExp]>([
    ["an empty file", new Uint8Array(0), /got 0 bytes, expected at least 8/],
    ["a header longer than the file", handMade("{}", 0, 3n), /got 3 bytes, expected at most 2/],
    ["a header of 2^64 - 1 bytes", handMade("{}", 0, 2n ** 64n - 1n), /got 18446744073709551615 bytes/],
    ["no JSON", handMade("pickle", 0), /got "pickle", expected {/],
    ["a header that ends early", handMade('{"a":', 0), /got its end/],
    ["something after the header", handMade("{} x", 0), /expected the end of the header/],
    ["invalid UTF-8", handMade("{", 0).with(8, 0xff), /not UTF-8/],
    [
      "a name used twice",
      handMade(`{"a":${entry("[1]", "[0,4]")},"a":${entry("[1]", "[4,8]")}}`, 8),
      /"a": named twice/,
    ],
    [
      "the same name written with an escape",
      handMade(`{"a":${entry("[0]", "[0,0]")},"\\u0061":${entry("[0]", "[0,0]")}}`, 0),
      /"a": named twice/,
    ],
    [
      "an unknown dtype",
      handMade(`{"a":${entry("[1]", "[0,4]", "F8_E4M3")}}`, 4),
      /got "F8_E4M3", expected one of F32/,
    ],
    ["a dtype from Object.prototype", handMade(`{"a":${entry("[1]", "[0,4]", "constructor")}}`, 4), /unknown dtype/],
    [
      "a shape whose product overflows",
      handMade(`{"a":${entry("[4294967296,4294967296]", "[0,4]")}}`, 4),
      /got 4 bytes, expected more than 2\^53/,
    ],
    [
      "a shape that overflows to zero in 64 bits",
      handMade(`{"a":${entry("[4611686018427387904,4]", "[0,0]")}}`, 0),
      /integers from 0 to 2\^53/,
    ],
    ["a huge shape", handMade(`{"a":${entry("[1000000000,1000]", "[0,4]")}}`, 4), /expected 4000000000000 for F32/],
    ["a negative size", handMade(`{"a":${entry("[-1]", "[0,4]")}}`, 4), /integers/],
    ["a fractional size", handMade(`{"a":${entry("[1.5]", "[0,4]")}}`, 4), /expected ]/],
    ["too many dimensions", handMade(`{"a":${entry(`[${"1,".repeat(40)}1]`, "[0,4]")}}`, 4), /at most 32 numbers/],
    [
      "offsets outside the file",
      handMade(`{"a":${entry("[2]", "[0,8]")}}`, 4),
      /outside the file, got byte 8, expected at most 4/,
    ],
    ["offsets that run backwards", handMade(`{"a":${entry("[1]", "[4,0]")}}`, 4), /hole/],
    [
      "overlapping tensors",
      handMade(`{"a":${entry("[1]", "[0,4]")},"b":${entry("[1]", "[0,4]")}}`, 4),
      /"b": data overlaps/,
    ],
    [
      "a hole",
      handMade(`{"a":${entry("[1]", "[0,4]")},"b":${entry("[1]", "[8,12]")}}`, 12),
      /"b": data overlaps or leaves a hole/,
    ],
    ["bytes nobody owns", handMade(`{"a":${entry("[1]", "[0,4]")}}`, 8), /got 8 bytes, expected 4/],
    ["a truncated file", fileOf(everyDtype).slice(0, -1), /outside the file/],
    ["a missing field", handMade('{"a":{"dtype":"F32","shape":[1]}}', 4), /incomplete/],
    ["an unknown field", handMade('{"a":{"dtype":"F32","eval":"x"}}', 4), /unexpected field "eval"/],
    ["metadata that is no text", handMade('{"__metadata__":{"a":{}}}', 0), /damaged/],
    [
      "a control character in a name",
      handMade(`{"a\\u001b[2J":${entry("[0]", "[0,0]")}}`, 0),
      /"a\\u\{1b\}\[2J": control/,
    ],
    ["half a surrogate pair in a name", handMade(`{"\\ud800":${entry("[0]", "[0,0]")}}`, 0), /control characters/],
    ["a BOOL of 0x20", handMade(`{"a":${entry("[1]", "[0,1]", "BOOL")}} `, 0, 55n), /BOOL is damaged/],
    ["deep nesting", handMade(`{"a":${"[".repeat(1_000_000)}`, 0), /expected {/],
    ["deep nesting in a shape", handMade(`{"a":{"shape":${"[".repeat(1_000_000)}`, 0), /integers/],
  ])("%s", (_, file, message) => {
    expect(() => readSafetensors(file, "weights.safetensors")).toThrow(CheckpointError);
    expect(() => readSafetensors(file, "weights.safetensors")).toThrow(message);
    expect(() => readSafetensors(file, "weights.safetensors")).toThrow(/^weights\.safetensors: [^\n\r\p{Cc}]*$/u);
  });

  test("any change to a valid file is read or refused by CheckpointError", () => {
    const valid = fileOf(everyDtype, metadata);
    const headerEnd = 8 + Number(new DataView(valid.buffer).getBigUint64(0, true));
    const place = fc.oneof(fc.nat(headerEnd - 1), fc.nat(valid.length - 1));
    const edit = fc.oneof(
      fc.record({ at: place, remove: fc.constant(1), insert: fc.uint8Array({ minLength: 1, maxLength: 1 }) }),
      fc.record({ at: place, remove: fc.nat(20), insert: fc.uint8Array({ maxLength: 20 }) }),
      fc.record({
        at: place,
        remove: fc.nat(3),
        insert: fc
          .constantFrom("{", "}", "[", "]", ",", ":", '"', "\\", " ", "0", "9", "-", "e")
          .map((c) => Buffer.from(c)),
      }),
    );
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.boolean(), (edits, fixLength) => {
        let file = Buffer.from(valid);
        for (const { at, remove, insert } of edits) {
          file = Buffer.concat([file.subarray(0, at), insert, file.subarray(at + remove)]);
        }
        // With the length put right, changes reach the header's parser instead of stopping at its length.
        if (fixLength && file.length > 8) {
          file.writeBigUInt64LE(
            BigInt(Math.max(0, Math.min(file.length - 8, headerEnd - 8 + file.length - valid.length))),
          );
        }
        try {
          const { tensors } = readSafetensors(new Uint8Array(file), "fuzz");
          for (const { shape, data } of tensors.values()) expect(data.length).toBe(shape.reduce((a, b) => a * b, 1));
        } catch (error) {
          if (!(error instanceof CheckpointError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
  });
});

const python = process.env["LATENTKIT_PYTHON"] ?? ".bench-env/bin/python";
const hasPython = existsSync(python);

// Needs Python with safetensors and numpy: set LATENTKIT_PYTHON, or make .bench-env as the benchmarks do.
describe.skipIf(!hasPython)("the official Python library (skipped without LATENTKIT_PYTHON or .bench-env)", () => {
  const script = `
import sys, json, numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file
tensors = {}
with safe_open(sys.argv[1], framework="np") as f:
    metadata = f.metadata()
    for name in f.keys():
        tensors[name] = f.get_tensor(name)
save_file(tensors, sys.argv[2], metadata=dict(metadata))
print(json.dumps({n: [str(t.dtype), list(t.shape), t.tobytes().hex()] for n, t in tensors.items()}))
`;
  test("reads our file, and writes the same bytes back", () => {
    const folder = mkdtempSync(join(tmpdir(), "latentkit-safetensors-"));
    try {
      const [ours, theirs] = [join(folder, "ours"), join(folder, "theirs")];
      // One metadata entry: the official library writes several in an arbitrary order.
      const oneEntry = new Map([["format", "latentkit"]]);
      writeFileSync(ours, fileOf(everyDtype, oneEntry));
      const output = execFileSync(python, ["-c", script, ours, theirs], { encoding: "utf8" });
      const seen = new Map(Object.entries(JSON.parse(output) as Record<string, [string, number[], string]>));
      const numpyNames = {
        F32: "float32",
        F64: "float64",
        I64: "int64",
        I32: "int32",
        U32: "uint32",
        U8: "uint8",
        BOOL: "bool",
      };
      expect(seen.size).toBe(everyDtype.size);
      for (const [name, { dtype, shape, data }] of everyDtype) {
        const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex");
        expect(seen.get(name), name).toEqual([numpyNames[dtype], shape, bytes]);
      }
      expect(readFileSync(theirs).equals(readFileSync(ours))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
