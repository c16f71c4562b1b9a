/**
 * The safetensors file format: 8 bytes of header length (little-endian), a JSON header padded with spaces so that
 * the data starts at a multiple of 8, then the tensors' bytes, contiguously. It cannot contain executable code.
 *
 * Tensors are laid out as by the official library, by decreasing item size and then by name, so each starts at a multiple of its item size and can
 * be viewed without a copy. Bytes are little-endian, as on every platform of ONNX Runtime.
 */
import { CheckpointError } from "../errors.ts";
import { quoted } from "./quoted.ts";
import {
  byteLength,
  headerLength,
  itemBytes,
  nameProblem,
  parseHeader,
  type SafetensorsDtype,
  type TensorEntry,
} from "./safetensors-header.ts";

export type { SafetensorsDtype, TensorSpec } from "./safetensors-header.ts";

interface ArrayOf {
  F32: Float32Array;
  F64: Float64Array;
  I64: BigInt64Array;
  I32: Int32Array;
  U32: Uint32Array;
  U8: Uint8Array;
  BOOL: Uint8Array;
}

/** A tensor with the typed array of its dtype; BOOL is one byte of 0 or 1 per item. */
export type SafetensorsTensor = {
  [D in SafetensorsDtype]: { readonly dtype: D; readonly shape: readonly number[]; readonly data: ArrayOf[D] };
}[SafetensorsDtype];

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The official library's order of dtypes in a file. */
const layoutOrder: readonly SafetensorsDtype[] = ["I64", "F64", "F32", "U32", "I32", "U8", "BOOL"];

/**
 * The bytes of a file in pieces: its header, then each tensor's own memory, not copied. Write or copy the pieces before the tensors change. Equal
 * tensors give equal bytes, whatever the order of the map. Throws CheckpointError where a name or a shape does not fit the format.
 *
 * @example
 * const weight = { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) } as const;
 * const bytes = Uint8Array.from(safetensorsChunks(new Map([["weight", weight]])).flatMap((chunk) => [...chunk]));
 * readSafetensors(bytes, "weights").tensors.get("weight")!.data; // [1, 2]
 */
export function safetensorsChunks(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array[] {
  const ordered = [...tensors].toSorted(
    ([nameA, a], [nameB, b]) =>
      layoutOrder.indexOf(a.dtype) - layoutOrder.indexOf(b.dtype) || (nameA < nameB ? -1 : Number(nameA > nameB)),
  );
  const members = metadata.size > 0 ? [`"__metadata__":${JSON.stringify(Object.fromEntries(metadata))}`] : [];
  let begin = 0;
  for (const [name, { dtype, shape, data }] of ordered) {
    const problem = nameProblem(name);
    if (problem !== null) throw new CheckpointError(`safetensors: tensor ${quoted(name)}: ${problem}`);
    const expected = byteLength({ dtype, shape });
    if (data.byteLength !== expected) {
      throw new CheckpointError(
        `safetensors: tensor ${quoted(name)}: length is wrong, got ${data.byteLength} bytes, expected ${expected} for ${dtype} [${shape.join(", ")}]`,
      );
    }
    const end = begin + expected;
    members.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
    begin = end;
  }
  const json = new TextEncoder().encode(`{${members.join(",")}}`);
  const paddedLength = Math.ceil(json.length / 8) * 8;
  const header = new Uint8Array(8 + paddedLength).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(paddedLength), true);
  header.set(json, 8);
  return [header, ...ordered.map(([, { data }]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength))];
}

/**
 * Reads a whole file. Tensors are views of `bytes` where their data is aligned (as when `bytes` starts at a multiple of 8 and the file was
 * written by Latentkit or the official library), else copies. Throws CheckpointError, naming `where` and the tensor, for anything the format
 * does not allow.
 */
export function readSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  const dataStart = 8 + headerLength(bytes, bytes.byteLength, where);
  const header = parseHeader(bytes.subarray(8, dataStart), bytes.byteLength - dataStart, where);
  const tensors = new Map<string, SafetensorsTensor>();
  for (const [name, entry] of header.tensors) {
    tensors.set(name, viewOf(bytes.subarray(dataStart + entry.begin, dataStart + entry.end), entry));
  }
  for (const [name, { dtype, data }] of tensors) {
    if (dtype === "BOOL" && data.some((value) => value > 1)) {
      throw new CheckpointError(`${where}: tensor ${quoted(name)}: a BOOL is damaged, expected bytes of 0 or 1`);
    }
  }
  return { tensors, metadata: header.metadata };
}

function viewOf(bytes: Uint8Array, { dtype, shape }: TensorEntry): SafetensorsTensor {
  // Not by slice(), which of a Buffer is a view.
  const aligned = bytes.byteOffset % itemBytes[dtype] === 0 ? bytes : Uint8Array.from(bytes);
  const { buffer, byteOffset } = aligned;
  const length = bytes.byteLength / itemBytes[dtype];
  switch (dtype) {
    case "F32":
      return { dtype, shape, data: new Float32Array(buffer, byteOffset, length) };
    case "F64":
      return { dtype, shape, data: new Float64Array(buffer, byteOffset, length) };
    case "I64":
      return { dtype, shape, data: new BigInt64Array(buffer, byteOffset, length) };
    case "I32":
      return { dtype, shape, data: new Int32Array(buffer, byteOffset, length) };
    case "U32":
      return { dtype, shape, data: new Uint32Array(buffer, byteOffset, length) };
    case "U8":
    case "BOOL":
      return { dtype, shape, data: new Uint8Array(buffer, byteOffset, length) };
  }
}
