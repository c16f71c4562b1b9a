import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../../errors.ts";
import type { ByteFile } from "./byte-file.ts";
import { encodeNpy } from "./npy.ts";
import { readNpy } from "./read-npy.ts";

/** A file of these bytes, delivered in pieces of so many. */
function file(bytes: Uint8Array<ArrayBuffer>, piece = 7): ByteFile {
  return {
    name: "a.npy",
    size: bytes.length,
    stream: () =>
      new ReadableStream({
        start(controller) {
          for (let at = 0; at < bytes.length; at += piece) controller.enqueue(bytes.slice(at, at + piece));
          controller.close();
        },
      }),
  };
}

/** A file as NumPy 1.x writes it: version 1.0, the header padded to a multiple of 64. */
function npy(descr: string, shape: string, body: ArrayBufferView, { fortran = "False", version = 1 } = {}) {
  const text = `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const before = version === 1 ? 10 : 12;
  const header = new TextEncoder().encode(
    `${text.padEnd(64 * Math.ceil((before + text.length + 1) / 64) - before - 1)}\n`,
  );
  const size = [header.length & 255, header.length >> 8, ...(version === 1 ? [] : [0, 0])];
  const values = new Uint8Array(body.buffer, body.byteOffset, body.byteLength);
  return Uint8Array.from([0x93, ...new TextEncoder().encode("NUMPY"), version, 0, ...size, ...header, ...values]);
}

const read = (bytes: Uint8Array<ArrayBuffer>, options = {}) => readNpy(file(bytes), options);

test.each([
  ["'|u1'", Uint8Array.of(0, 7, 255), [0, 7, 255]],
  ["'|b1'", Uint8Array.of(0, 1, 1), [0, 1, 1]],
  ["'|i1'", Int8Array.of(-128, 0, 127), [-128, 0, 127]],
  ["'<i2'", Int16Array.of(-300, 0, 300), [-300, 0, 300]],
  ["'<u4'", Uint32Array.of(0, 1, 2 ** 31), [0, 1, 2 ** 31]],
  ["'<i8'", BigInt64Array.of(-5n, 0n, 2n ** 40n), [-5, 0, 2 ** 40]],
  ["'<f4'", Float32Array.of(0.5, -1.25, 3), [0.5, -1.25, 3]],
  ["'<f8'", Float64Array.of(0.5, -1.25, 1e10), [0.5, -1.25, 1e10]],
] as const)("type %s", async (descr, body, values) => {
  for (const version of [1, 2]) {
    const array = await read(npy(descr, "(3,)", body, { version }));
    expect(array.shape).toEqual([3]);
    expect(Array.from(array.values)).toEqual(values);
  }
});

test("big-endian values", async () => {
  const body = new DataView(new ArrayBuffer(16));
  body.setFloat64(0, 1.5);
  body.setFloat64(8, -2);
  expect((await read(npy("'>f8'", "(2,)", body))).values).toEqual(Float32Array.of(1.5, -2));
});

test("Fortran order is turned into row-major order", async () => {
  // np.asfortranarray(np.arange(24).reshape(2, 3, 4)) lies in memory as this.
  const stored = [0, 12, 4, 16, 8, 20, 1, 13, 5, 17, 9, 21, 2, 14, 6, 18, 10, 22, 3, 15, 7, 19, 11, 23];
  for (const [descr, body] of [
    ["'|u1'", Uint8Array.from(stored)],
    ["'<f8'", Float64Array.from(stored)],
  ] as const) {
    const { shape, values } = await read(npy(descr, "(2, 3, 4)", body, { fortran: "True" }));
    expect(shape).toEqual([2, 3, 4]);
    expect(Array.from(values)).toEqual(Array.from({ length: 24 }, (_, i) => i));
  }
});

test("what this library writes", async () => {
  const values = Float32Array.from({ length: 12 }, (_, i) => i / 7);
  const [header, data] = encodeNpy([3, 4], values);
  expect(await read(Uint8Array.from([...header, ...data]))).toEqual({ shape: [3, 4], values });
});

const three = Uint8Array.of(1, 2, 3);
describe("refused", () => {
  test.each([
    [
      "objects",
      npy("'|O'", "(3,)", three),
      /a\.npy: an array of Python objects, got type \|O, expected numbers; unpickling/,
    ],
    ["records", npy("[('x', '<f4')]", "(3,)", three), /an array of records/],
    ["text", npy("'<U5'", "(3,)", three), /an array of text, got type U5/],
    ["complex", npy("'<c8'", "(3,)", three), /got <c8, expected bool, int/],
    ["half", npy("'<f2'", "(3,)", three), /got <f2.*astype/],
    ["constructor", npy("'|constructor'", "(3,)", three), /values of a type/],
    [
      "more than there is",
      npy("'|u1'", "(4,)", three),
      /truncated, got a header that claims 4 bytes, shape \(4\), expected 3/,
    ],
    ["less than there is", npy("'|u1'", "(2,)", three), /bytes left over/],
    ["far more than there is", npy("'<f8'", "(99999999, 99999999)", three), /truncated, got a header that claims 7/],
    ["a negative extent", npy("'|u1'", "(-3,)", three), /header is not one NumPy writes/],
    ["an extent beyond integers", npy("'|u1'", `(${"9".repeat(400)},)`, three), /a shape NumPy cannot have/],
    ["no extent", npy("'|u1'", "(0, 3)", three), /holds no values/],
    ["no dictionary", npy("'|u1'", "(3,)", three).fill(32, 10, 20), /header is not one NumPy writes/],
    [
      "other magic",
      Uint8Array.of(0x50, 0x4b, 3, 4, 1, 0, 0, 0, 0, 0, 0, 0),
      /not a NumPy array, got first bytes 50 4b/,
    ],
    ["version 9", npy("'|u1'", "(3,)", three, { version: 9 }), /version 9, expected/],
    ["nothing", new Uint8Array(), /truncated in its header, got 0 bytes/],
    ["half a header", npy("'|u1'", "(3,)", three).slice(0, 30), /truncated in its header/],
  ])("%s", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(DataError);
    await expect(read(bytes)).rejects.toThrow(message);
  });

  test("an array above the limit", async () => {
    const bytes = npy("'|u1'", "(3,)", three);
    await expect(read(bytes, { maxBytes: 2 })).rejects.toThrow(/too large/);
    expect((await read(bytes, { maxBytes: 3 })).values).toEqual(three);
  });

  test("damage anywhere, in one line or not at all", async () => {
    const whole = npy("'<f4'", "(2, 3)", new Float32Array(6));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), async (at, byte, length) => {
        const damaged = whole.slice(0, length);
        if (at < length) damaged[at] = byte;
        const result = await read(damaged).catch((error: unknown) => error);
        if (!(result instanceof Error))
          expect((result as { values: ArrayLike<number> }).values.length).toBeLessThan(25);
        else {
          expect(result).toBeInstanceOf(DataError);
          expect(result.message).not.toContain("\n");
        }
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
