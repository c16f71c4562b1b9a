import { expect, test } from "vitest";
import { DataError } from "../errors.ts";
import { createDataset } from "./dataset.ts";
import { fingerprint } from "./fingerprint.ts";

const whole = {
  name: "small",
  description: "",
  shape: [1, 2],
  size: 3,
  values: Uint8Array.of(0, 1, 2, 3, 4, 5),
  range: [0, 255],
  labels: Uint8Array.of(0, 1, 2),
  classNames: ["a", "b", "c"],
} as const;

test.each([
  { shape: [1, 0] },
  { shape: [2, 2] },
  { size: 0 },
  { size: 2 },
  { range: [1, 1] },
  { range: [0, Number.NaN] },
  { labels: Uint8Array.of(0, 1) },
  { classNames: ["a", "b"] },
  { symbols: 5 },
  { fields: { above: { kind: "numbers", shape: [1], symbols: 2, values: Float32Array.of(0, 0.5, 1) } } },
] as const)("parts that do not fit are refused: %o", async (change) => {
  await expect(createDataset({ ...whole, ...change })).rejects.toThrow(DataError);
});

test("a missing size is named", async () => {
  const { size: _, ...rest } = whole;
  await expect(createDataset(rest as typeof whole)).rejects.toThrow(
    /^[^:]+: size is not a number of examples, got undefined, expected an integer of at least 1$/,
  );
});

test("the fingerprint sees every part of the content", async () => {
  const { fingerprint } = await createDataset(whole);
  const changes = [
    { shape: [2, 1] },
    { symbols: 6 },
    { range: [0, 5] },
    { values: Uint8Array.of(0, 1, 2, 3, 4, 6) },
    { labels: Uint8Array.of(0, 1, 1) },
  ] as const;
  for (const change of changes)
    expect((await createDataset({ ...whole, ...change })).fingerprint).not.toBe(fingerprint);
  expect((await createDataset({ ...whole, name: "other", description: "other" })).fingerprint).toBe(fingerprint);
});

test("a fingerprint is the SHA-256 of the SHA-256 digests of pieces of 1 MiB", async () => {
  const sha256 = async (bytes: Uint8Array<ArrayBuffer>) => Buffer.from(await crypto.subtle.digest("SHA-256", bytes));
  const long = new Uint8Array((1 << 20) + 1).fill(7);
  const digests = Buffer.concat([
    await sha256(new TextEncoder().encode("head")),
    await sha256(long.slice(0, 1 << 20)),
    await sha256(long.slice(1 << 20)),
  ]);
  expect(await fingerprint("head", long)).toBe((await sha256(new Uint8Array(digests))).toString("hex"));
});
