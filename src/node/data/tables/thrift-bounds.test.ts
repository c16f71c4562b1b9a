import { describe, expect, test } from "vitest";
import { structureEnd } from "./thrift-bounds.ts";

const end = (...bytes: readonly number[]): number => structureEnd(new DataView(Uint8Array.from(bytes).buffer), 0);

describe("a structure", () => {
  test.each([
    ["without fields", [0], 1],
    ["of numbers", [0x15, 0x80, 0x01, 0x16, 0x02, 0x13, 0x7f, 0], 8],
    ["of true and false", [0x11, 0x12, 0], 3],
    ["of a double", [0x17, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0], 10],
    ["of text", [0x18, 2, 0x61, 0x62, 0], 5],
    ["of lists", [0x19, 0x25, 1, 2, 0x19, 0x11, 1, 0], 8],
    ["of a structure", [0x1c, 0x15, 4, 0, 0], 5],
    ["with a field number by itself", [0x05, 0x20, 0x02, 0], 4],
  ])("%s ends where its bytes say", (_, bytes, at) => {
    expect(end(...bytes, 0xff)).toBe(at);
  });

  test.each([
    [
      "a list of more items than bytes",
      [0x19, 0xf5, 0xff, 0xff, 0xff, 0x0f, 0, 0],
      "a list of 33554431 items in 2 bytes",
    ],
    ["lists in lists", [0x19, 0xf9, 0xff, 0xff, 0x7f, 0xf9, 0xff, 0xff, 0x7f, 0], "a list of 2097151 items in 5 bytes"],
    ["a number without end", [0x16, ...Array.from({ length: 50 }, () => 0xff), 0, 0], "a number of more than 10 bytes"],
    ["text of more bytes than there are", [0x18, 0x7f, 0x61], "127 bytes claimed, with 1 left"],
    [
      "structures without end",
      Array.from({ length: 50 }, () => 0x1c),
      "structures within structures, more than 32 deep",
    ],
    ["no end", [0x15, 0x02], "1 bytes claimed, with 0 left"],
    ["a type that Parquet has not", [0x1b, 0], "a value of type 11"],
  ])("with %s is refused", (_, bytes, message) => {
    expect(() => end(...bytes)).toThrow(message);
  });

  test.each([
    ["numbers", 0xf3, 0, 5_500_000, 5_700_000],
    ["text", 0xf8, 0, 1_600_000, 1_700_000],
    ["lists", 0xf9, 0x05, 2_700_000, 2_900_000],
    ["structures", 0xfc, 0, 1_600_000, 1_700_000],
  ])("of millions of %s of a byte each is refused, from some number on", (_, head, each, taken, refused) => {
    const ofMany = (count: number): DataView => {
      const size = [0, 7, 14, 21].map((shift) => ((count >> shift) & 0x7f) | (shift < 21 ? 0x80 : 0));
      const bytes = new Uint8Array(count + 10).fill(each, 0, count + 6);
      bytes.set([0x19, head, ...size]);
      return new DataView(bytes.buffer);
    };
    expect(structureEnd(ofMany(taken), 0)).toBe(taken + 7);
    expect(() => structureEnd(ofMany(refused), 0)).toThrow("more values than 16777216 numbers weigh");
  });
});
