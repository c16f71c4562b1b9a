import { describe, expect, test } from "vitest";
import { ProtobufWriter } from "./protobuf.ts";

const hex = (w: ProtobufWriter): string => Buffer.from(w.finish()).toString("hex");

// Expected bytes: the examples of protobuf.dev/programming-guides/encoding.
describe("ProtobufWriter", () => {
  test("writes integers as varints, seven bits a byte, the lowest first", () => {
    expect(hex(new ProtobufWriter().int(1, 150))).toBe("089601");
    expect(hex(new ProtobufWriter().int(1, 2 ** 40))).toBe("08808080808020");
  });
  test("writes a negative integer as ten bytes", () => {
    expect(hex(new ProtobufWriter().int(1, -2))).toBe("08feffffffffffffffff01");
  });
  test("writes strings and nested messages with their length", () => {
    expect(hex(new ProtobufWriter().string(2, "testing"))).toBe("120774657374696e67");
    expect(hex(new ProtobufWriter().message(3, (m) => m.int(1, 150)))).toBe("1a03089601");
  });
  test("writes floats in four little-endian bytes", () => {
    expect(hex(new ProtobufWriter().float(2, 1))).toBe("150000803f");
  });
  test("keeps large byte fields in their place", () => {
    const large = new Uint8Array(1000).fill(7);
    const bytes = new ProtobufWriter().int(1, 1).bytes(2, large).int(3, 2).finish();
    expect(bytes.length).toBe(2 + 3 + 1000 + 2);
    expect(bytes.slice(0, 5)).toEqual(Uint8Array.of(0x08, 1, 0x12, 0xe8, 0x07));
    expect(bytes.slice(-3)).toEqual(Uint8Array.of(7, 0x18, 2));
  });
});
