import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";
import { fileVersion, image, scalars, sessionStart } from "./tfevents.ts";

test("CRC-32C of RFC 3720, appendix B.4", () => {
  const bytes = (f: (i: number) => number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => f(i));
  expect(crc32c(bytes(() => 0))).toBe(0x8a9136aa);
  expect(crc32c(bytes(() => 0xff))).toBe(0x62a8ab43);
  expect(crc32c(bytes((i) => i))).toBe(0x46dd794e);
  expect(crc32c(bytes((i) => 31 - i))).toBe(0x113fdb5c);
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});

/** The message of a record, its two checksums verified. */
function messageOf(record: Uint8Array): Buffer {
  const bytes = Buffer.from(record);
  const length = Number(bytes.readBigUInt64LE());
  const unmasked = (at: number): number => {
    const rotated = (bytes.readUInt32LE(at) - 0xa282ead8) >>> 0;
    return ((rotated >>> 17) | (rotated << 15)) >>> 0;
  };
  expect(bytes.length).toBe(length + 16);
  expect(unmasked(8)).toBe(crc32c(bytes.subarray(0, 8)));
  expect(unmasked(12 + length)).toBe(crc32c(bytes.subarray(12, 12 + length)));
  return bytes.subarray(12, 12 + length);
}

// The expected bytes are google.protobuf 7.36's, of the fields of event.proto and summary.proto.
test("the messages, byte for byte", () => {
  const at = { wallTime: 1.5, step: 300 };
  const hex = (record: Uint8Array): string => messageOf(record).toString("hex");
  expect(hex(fileVersion(1.5))).toBe("09000000000000f83f1a0d627261696e2e4576656e743a32");
  expect(hex(sessionStart(at))).toBe("09000000000000f83f10ac023a020801");
  expect(hex(scalars(at, { "train/loss": 0.25, b: -2 }))).toBe(
    "09000000000000f83f10ac022a1d0a110a0a747261696e2f6c6f7373150000803e0a080a016215000000c0",
  );
  expect(hex(image(at, "epoch", { png: Uint8Array.of(1, 2, 3), width: 5, height: 7, channels: 1 }))).toBe(
    "09000000000000f83f10ac022a160a140a0565706f6368220b0807100518012203010203",
  );
});
