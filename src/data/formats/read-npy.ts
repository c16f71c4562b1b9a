import { DataError } from "../../errors.ts";
import { type ByteFile, ByteReader, fileChunks } from "./byte-file.ts";
import { DTYPES, isText, type NpyHeader, readNpyHeader } from "./npy-header.ts";

/** An array whose numbers may be in float64: what a few large numbers that differ little are told apart by. */
export interface NumberArray {
  readonly shape: readonly number[];
  readonly values: Uint8Array | Float32Array | Float64Array;
}

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

/**
 * Reads a NumPy array file (.npy, versions 1 to 3) as a stream; the array is the only large allocation, made after the header is validated against
 * the file size. Arrays of Python objects are refused: unpickling runs code. Throws a `DataError` that names the file.
 */
export function readNpy(file: ByteFile, options: ReadNpyOptions = {}): Promise<NpyArray> {
  return readArray<NpyArray["values"]>(file, options, ({ type }) => (isByte(type) ? Uint8Array : Float32Array));
}

/** The same with lists of numbers, [n] and [n, features], in float64 where the file's numbers do not fit float32. */
export function readNumbers(file: ByteFile, options: ReadNpyOptions = {}): Promise<NumberArray> {
  return readArray<NumberArray["values"]>(file, options, ({ type, shape }) =>
    isByte(type) ? Uint8Array : shape.length <= 2 && wide.has(type) ? Float64Array : Float32Array,
  );
}

const isByte = (type: string): boolean => type === "u1" || type === "b1";
/** Types of more bits than a float32's mantissa. */
const wide: ReadonlySet<string> = new Set(["f8", "i4", "u4", "i8", "u8"]);

async function readArray<Values extends NumberArray["values"]>(
  file: ByteFile,
  { maxBytes = 2 ** 32 }: ReadNpyOptions,
  formOf: (header: NpyHeader) => { readonly BYTES_PER_ELEMENT: number; new (length: number): Values },
): Promise<{ readonly shape: readonly number[]; readonly values: Values }> {
  const reader = new ByteReader(fileChunks(file.stream(), file.name), file.name);
  try {
    const header = await readNpyHeader(file.name, reader);
    const { shape, type } = header;
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (isText(type))
      throw new DataError(
        `${file.name}: an array of text, got type ${type}, expected numbers; text can be labels only`,
      );
    const [width] = DTYPES[type]!;
    const claim = `a header that claims ${count * width} bytes, shape (${shape.join(", ")})`;
    const present = file.size - header.length;
    if (count === 0) throw new DataError(`${file.name}: holds no values, got ${claim}, expected some`);
    if (count * width !== present)
      throw new DataError(
        `${file.name}: ${count * width > present ? "truncated" : "bytes left over after the last value"}, got ${claim}, expected ${present}`,
      );
    const form = formOf(header);
    if (count * form.BYTES_PER_ELEMENT > maxBytes)
      throw new DataError(`${file.name}: too large, got ${claim}, expected at most ${maxBytes} in memory`);
    const values = allocate(file.name, count, form);
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
    const { shape, type } = await readNpyHeader(file.name, reader);
    return isText(type) ? undefined : shape;
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
  const { shape, type, fortran, length } = await readNpyHeader(file.name, head).finally(() => head.close());
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
      await readNpyHeader(file.name, reader);
      yield* reader.rest();
    } finally {
      await reader.close();
    }
  }
  return { shape, bytes: bytes() };
}

function allocate<Values>(name: string, count: number, form: new (length: number) => Values): Values {
  try {
    return new form(count);
  } catch {
    throw new DataError(`${name}: too large for this machine's memory, got ${count} values, expected fewer`);
  }
}

/** Converts values into row-major order; returns the number of values read. */
async function fill(values: NumberArray["values"], header: NpyHeader, reader: ByteReader): Promise<number> {
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
