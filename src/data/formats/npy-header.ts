import { DataError } from "../../errors.ts";
import type { ByteReader } from "./byte-file.ts";

type Read = (view: DataView, at: number, little: boolean) => number;

/** NumPy type codes with item size and reader. 64-bit integers are rounded to float32. */
export const DTYPES: Readonly<Record<string, readonly [width: number, read: Read]>> = {
  b1: [1, (view, at) => Number(view.getUint8(at) !== 0)],
  u1: [1, (view, at) => view.getUint8(at)],
  i1: [1, (view, at) => view.getInt8(at)],
  u2: [2, (view, at, little) => view.getUint16(at, little)],
  i2: [2, (view, at, little) => view.getInt16(at, little)],
  u4: [4, (view, at, little) => view.getUint32(at, little)],
  i4: [4, (view, at, little) => view.getInt32(at, little)],
  u8: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
  i8: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  f4: [4, (view, at, little) => view.getFloat32(at, little)],
  f8: [8, (view, at, little) => view.getFloat64(at, little)],
};
const MAX_HEADER = 65536;
const MAX_RANK = 32;

export interface NpyHeader {
  readonly type: string;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Bytes before the values. */
  readonly length: number;
}

/** Reads the header of a NumPy array file. Throws DataError naming the file for what is none, and for Python objects. */
export async function readNpyHeader(name: string, reader: ByteReader): Promise<NpyHeader> {
  const [magic, major] = await reader.take(8, "its header").then((head) => [head.subarray(0, 6), head[6]!] as const);
  if (magic[0] !== 0x93 || new TextDecoder().decode(magic.subarray(1)) !== "NUMPY" || major < 1 || major > 3) {
    const found = Array.from(magic, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new DataError(
      `${name}: not a NumPy array, got first bytes ${found}, version ${major}, expected 93 NUMPY, version 1 to 3`,
    );
  }
  const sized = await reader.take(major === 1 ? 2 : 4, "its header");
  const view = new DataView(sized.buffer);
  const size = major === 1 ? view.getUint16(0, true) : view.getUint32(0, true);
  if (size > MAX_HEADER)
    throw new DataError(`${name}: the header is too long, got ${size} bytes, expected at most ${MAX_HEADER}`);
  const text = new TextDecoder().decode(await reader.take(size, "its header")).trim();
  return { ...parseHeader(name, text), length: 8 + sized.length + size };
}

/** Text of a fixed number of code points (U), or of bytes (S). */
export const isText = (type: string): boolean => /^[US]\d{1,6}$/.test(type);

/** Parses a header's Python dictionary; only the three keys that NumPy writes are accepted. */
function parseHeader(name: string, text: string): Omit<NpyHeader, "length"> {
  const descr = /'descr'\s*:\s*(?:'([^']*)'|(\[))/.exec(text);
  const fortran = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const extents = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (!text.startsWith("{") || !text.endsWith("}") || !descr || fortran === undefined || extents === undefined)
    throw new DataError(
      `${name}: the header is not one NumPy writes, got ${JSON.stringify(text.slice(0, 80))}, expected descr, fortran_order and shape`,
    );
  const [, code = "", record] = descr;
  const type = code.slice(1);
  if (record !== undefined)
    throw new DataError(
      `${name}: an array of records, got named fields, expected one array of numbers; save each separately`,
    );
  if (type.startsWith("O"))
    throw new DataError(
      `${name}: an array of Python objects, got type ${code}, expected numbers; unpickling could run code: save it as a numeric array`,
    );
  if (!/^[<>|=]$/.test(code.slice(0, 1)) || !(Object.hasOwn(DTYPES, type) || isText(type)))
    throw new DataError(
      `${name}: values of a type it cannot read, got ${code}, expected bool, int, uint, float32 or float64; convert with .astype("float32")`,
    );
  const shape = extents
    .split(",")
    .map((extent) => extent.trim().replace(/L$/, ""))
    .filter((extent) => extent !== "")
    .map(Number);
  if (shape.length > MAX_RANK || !shape.every((extent) => Number.isSafeInteger(extent)))
    throw new DataError(`${name}: a shape NumPy cannot have, got (${extents}), expected at most ${MAX_RANK} extents`);
  return { type, little: !code.startsWith(">"), fortran: fortran === "True", shape };
}
