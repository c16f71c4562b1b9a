import { DataError } from "../../errors.ts";
import { type ByteFile, ByteReader, fileChunks } from "./byte-file.ts";

/** Content of a NumPy array file. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** Row-major, whatever the order in the file: bytes for uint8 and bool, float32 otherwise. */
  readonly values: Uint8Array | Float32Array;
}

export interface ReadNpyOptions {
  /** Largest size of the values in memory, in bytes; 4 GiB by default. */
  readonly maxBytes?: number;
}

type Read = (view: DataView, at: number, little: boolean) => number;

/** NumPy type codes with item size and reader. 64-bit integers are rounded to float32. */
const DTYPES: Readonly<Record<string, readonly [width: number, read: Read]>> = {
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

interface Header {
  readonly type: string;
  readonly little: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** Bytes before the values. */
  readonly length: number;
}

/**
 * Reads a NumPy array file (.npy, versions 1 to 3) as a stream; the array is the only large allocation, made after the header is validated against
 * the file size. Arrays of Python objects are refused: unpickling runs code. Throws a `DataError` that names the file.
 */
export async function readNpy(file: ByteFile, { maxBytes = 2 ** 32 }: ReadNpyOptions = {}): Promise<NpyArray> {
  const reader = new ByteReader(fileChunks(file.stream(), file.name), file.name);
  try {
    const header = await readHeader(file.name, reader);
    const { shape, type } = header;
    const count = shape.reduce((product, extent) => product * extent, 1);
    const [width] = DTYPES[type]!;
    const claim = `a header that claims ${count * width} bytes, shape (${shape.join(", ")})`;
    const present = file.size - header.length;
    if (count === 0) throw new DataError(`${file.name}: holds no values, got ${claim}, expected some`);
    if (count * width !== present)
      throw new DataError(
        `${file.name}: ${count * width > present ? "truncated" : "bytes left over after the last value"}, got ${claim}, expected ${present}`,
      );
    const bytes = type === "u1" || type === "b1";
    if (count * (bytes ? 1 : 4) > maxBytes)
      throw new DataError(`${file.name}: too large, got ${claim}, expected at most ${maxBytes} in memory`);
    const values = allocate(file.name, count, bytes);
    const read = await fill(values, header, reader);
    if (read !== count)
      throw new DataError(`${file.name}: changed while it was read, got ${read} values, expected ${count}`);
    return { shape, values };
  } finally {
    await reader.close();
  }
}

/** The shape of an array of numbers, read from its header alone; undefined for any other. */
export async function npyShape(file: ByteFile): Promise<readonly number[] | undefined> {
  const reader = new ByteReader(fileChunks(file.stream(), file.name), file.name);
  try {
    return (await readHeader(file.name, reader)).shape;
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  } finally {
    await reader.close();
  }
}

/**
 * A byte array (uint8 or bool) that may be larger than memory: its shape, and its bytes as a stream that is opened at the first read. Throws
 * `DataError` for other types or Fortran order.
 */
export async function streamNpyBytes(
  file: ByteFile,
): Promise<{ readonly shape: readonly number[]; readonly bytes: AsyncIterable<Uint8Array> }> {
  const open = () => new ByteReader(fileChunks(file.stream(), file.name), file.name);
  const head = open();
  const { shape, type, fortran, length } = await readHeader(file.name, head).finally(() => head.close());
  const count = shape.reduce((product, extent) => product * extent, 1);
  if ((type !== "u1" && type !== "b1") || fortran)
    throw new DataError(
      `${file.name}: not bytes in C order, got type ${type}${fortran ? " in Fortran order" : ""}, expected uint8`,
    );
  if (count !== file.size - length)
    throw new DataError(
      `${file.name}: bytes and shape differ in size, got ${file.size - length} bytes for shape (${shape.join(", ")}), expected ${count}`,
    );
  async function* bytes() {
    const reader = open();
    try {
      await readHeader(file.name, reader);
      yield* reader.rest();
    } finally {
      await reader.close();
    }
  }
  return { shape, bytes: bytes() };
}

async function readHeader(name: string, reader: ByteReader): Promise<Header> {
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

/** Parses a header's Python dictionary; only the three keys that NumPy writes are accepted. */
function parseHeader(name: string, text: string): Omit<Header, "length"> {
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
  if (!/^[<>|=]$/.test(code.slice(0, 1)) || !Object.hasOwn(DTYPES, type))
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

function allocate(name: string, count: number, bytes: boolean): Uint8Array | Float32Array {
  try {
    return bytes ? new Uint8Array(count) : new Float32Array(count);
  } catch {
    throw new DataError(`${name}: too large for this machine's memory, got ${count} values, expected fewer`);
  }
}

/** Converts values into row-major order; returns the number of values read. */
async function fill(values: Uint8Array | Float32Array, header: Header, reader: ByteReader): Promise<number> {
  const { type, little, fortran, shape } = header;
  const [width, read] = DTYPES[type]!;
  const next = fortran && shape.length > 1 ? fortranPlaces(shape) : undefined;
  let done = 0;
  let rest = new Uint8Array();
  for await (const chunk of reader.rest()) {
    if (type === "u1" && !next) {
      values.set(chunk.subarray(0, values.length - done), done);
      done += chunk.length;
      continue;
    }
    // A value may span two chunks.
    const bytes = rest.length === 0 ? chunk : new Uint8Array(rest.length + chunk.length);
    if (bytes !== chunk) {
      bytes.set(rest);
      bytes.set(chunk, rest.length);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const whole = Math.floor(bytes.length / width);
    for (let i = 0; i < whole; i++, done++) values[next ? next() : done] = read(view, i * width, little);
    rest = bytes.slice(whole * width);
  }
  return done;
}

/** Row-major positions of values stored in Fortran order. */
function fortranPlaces(shape: readonly number[]): () => number {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  const index = shape.map(() => 0);
  let place = 0;
  return () => {
    const at = place;
    for (let axis = 0; axis < shape.length; axis++) {
      place += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      place -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
    return at;
  };
}
