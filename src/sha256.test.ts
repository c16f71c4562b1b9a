import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { incrementalSha256, sha256, sha256Hex } from "./sha256.ts";

const expected = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])(
  "%i bytes, whole and in pieces, as Node hashes them",
  async (size) => {
    const bytes = randomBytes(size);
    for (const length of [1, 7, 64, 200]) {
      const pieces = Array.from({ length: Math.ceil(size / length) }, (_, i) =>
        bytes.subarray(i * length, (i + 1) * length),
      );
      expect(await sha256Hex(pieces)).toBe(expected(bytes));
      expect(hex(incrementalSha256(pieces))).toBe(expected(bytes));
    }
  },
);

test("more than is joined is hashed in pieces, and one large piece as it is", async () => {
  const piece = new Uint8Array(2 ** 27).fill(7);
  const hash = createHash("sha256");
  for (let i = 0; i < 3; i++) hash.update(piece);
  expect(hex(await sha256([piece, piece, piece]))).toBe(hash.digest("hex"));
  expect(await sha256Hex([piece])).toBe(expected(piece));
});
