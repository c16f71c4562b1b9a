import { joinBytes } from "../../../src/serialization/join-bytes.ts";
import { readSafetensors, safetensorsChunks, type SafetensorsTensor } from "../../../src/serialization/safetensors.ts";
import { mutatedJson } from "../fuzzing/json-mutations.ts";
import type { Fuzzer } from "../fuzzing/fuzzer.ts";

const tensors = new Map<string, SafetensorsTensor>([
  ["weight", { dtype: "F32", shape: [2, 3], data: Float32Array.from({ length: 6 }, (_, i) => i) }],
  ["bias", { dtype: "F64", shape: [2], data: Float64Array.of(1, 2) }],
  ["steps", { dtype: "I64", shape: [1], data: BigInt64Array.of(3n) }],
  ["mask", { dtype: "BOOL", shape: [5], data: Uint8Array.of(0, 1, 0, 1, 1) }],
]);
const whole = joinBytes(safetensorsChunks(tensors, new Map([["made", "by a test"]])));
const dataAt = 8 + Number(new DataView(whole.buffer).getBigUint64(0, true));

/** A file of another header: its length is right, and the data begin wherever that ends. */
function withHeader(header: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, whole.subarray(dataAt)]);
}

export const safetensors: Fuzzer = {
  name: "safetensors",
  seeds: () => [
    { name: "a", bytes: whole },
    { name: "a", bytes: whole.slice(8, dataAt), change: mutatedJson, pack: withHeader },
  ],
  reader:
    () =>
    async ({ name, bytes }) => {
      // A Buffer, as files are read into, that begins at any byte.
      const held = Buffer.alloc(bytes.length + 8);
      const at = bytes.length % 8;
      held.set(bytes, at);
      return readSafetensors(held.subarray(at, at + bytes.length), name);
    },
};
