/** MATLAB's files of version 5: "MAT-File Format", MathWorks. */
import { DataError } from "../../errors.ts";
import { type ByteFile, ByteReader, fileChunks, mostUnpacked } from "./byte-file.ts";

/** A variable of a file, its values with the first index fastest. */
export interface MatVariable {
  readonly key: string;
  readonly dims: readonly number[];
  /** What it is, in words. */
  readonly kind: string;
  /** Of numbers. */
  readonly values?: Uint8Array | Float32Array | Float64Array;
  /** Of a matrix of characters, a row each, or of a cell array of texts. */
  readonly text?: readonly string[];
}

const headerBytes = 128;
const mostAxes = 32;

type ReadNumber = (view: DataView, at: number, little: boolean) => number;
/** Storage types by number: width and reader. */
const storage: Readonly<Record<number, readonly [width: number, read: ReadNumber]>> = {
  1: [1, (view, at) => view.getInt8(at)],
  2: [1, (view, at) => view.getUint8(at)],
  3: [2, (view, at, little) => view.getInt16(at, little)],
  4: [2, (view, at, little) => view.getUint16(at, little)],
  5: [4, (view, at, little) => view.getInt32(at, little)],
  6: [4, (view, at, little) => view.getUint32(at, little)],
  7: [4, (view, at, little) => view.getFloat32(at, little)],
  9: [8, (view, at, little) => view.getFloat64(at, little)],
  12: [8, (view, at, little) => Number(view.getBigInt64(at, little))],
  13: [8, (view, at, little) => Number(view.getBigUint64(at, little))],
  16: [1, (view, at) => view.getUint8(at)],
  17: [2, (view, at, little) => view.getUint16(at, little)],
};
const [matrix, compressed] = [14, 15];
const kinds: Readonly<Record<number, string>> = {
  1: "a cell array",
  2: "a struct",
  3: "an object",
  4: "text",
  5: "a sparse matrix",
};
const [cells, characters, firstNumber, bytesClass, lastNumber] = [1, 4, 6, 9, 15];

/** The variables of a file. Throws DataError for another version, naming the cure, and for what is damaged. */
export async function matVariables(file: ByteFile): Promise<readonly MatVariable[]> {
  const reader = new ByteReader(fileChunks(file.stream(), file.name), file.name);
  try {
    const header = await reader.take(headerBytes, "its header");
    const text = new TextDecoder("latin1").decode(header.subarray(0, 116));
    if (text.startsWith("MATLAB 7.3"))
      throw new DataError(
        `${file.name}: a MATLAB file of version 7.3 (HDF5), which is not read, got it, expected version 7 or older; in MATLAB: save("x.mat", "x", "y", "-v7")`,
      );
    const little = header[126] === 0x49 && header[127] === 0x4d;
    if (!text.startsWith("MATLAB 5.0") || !(little || (header[126] === 0x4d && header[127] === 0x49)))
      throw new DataError(
        `${file.name}: not a MATLAB file of version 5, got ${JSON.stringify(text.slice(0, 20).replaceAll("\0", " "))}, expected "MATLAB 5.0 MAT-file"; in MATLAB: save("x.mat", "x", "y", "-v7")`,
      );
    const found: MatVariable[] = [];
    for (let left = file.size - headerBytes; left >= 8;) {
      const tag = tagOf(file.name, await reader.take(8, "a tag"), 0, little);
      const data = await reader.take(tag.small ? 0 : checkedLength(file.name, tag.bytes, left - 8), "a variable");
      left -= 8 + data.length;
      const element = tag.type === compressed ? await inflated(file.name, data, little) : { type: tag.type, data };
      if (element.type === matrix) found.push(variableOf(file.name, element.data, little));
    }
    return found;
  } finally {
    await reader.close();
  }
}

interface Tag {
  readonly type: number;
  readonly bytes: number;
  /** Whether the data are in the tag itself. */
  readonly small: boolean;
}

function tagOf(name: string, bytes: Uint8Array, at: number, little: boolean): Tag {
  if (at + 8 > bytes.length)
    throw new DataError(`${name}: truncated inside a variable, got ${bytes.length} bytes, expected more`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint32(at, little);
  return first >>> 16 === 0
    ? { type: first, bytes: view.getUint32(at + 4, little), small: false }
    : { type: first & 0xffff, bytes: first >>> 16, small: true };
}

function checkedLength(name: string, bytes: number, left: number): number {
  if (bytes <= left) return bytes;
  throw new DataError(`${name}: truncated, got ${left} bytes, expected a variable of ${bytes}`);
}

interface Element {
  readonly type: number;
  readonly data: Uint8Array;
}

async function inflated(name: string, bytes: Uint8Array<ArrayBuffer>, little: boolean): Promise<Element> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const reader = new ByteReader(fileChunks(stream, name, "zip"), name);
  try {
    const tag = tagOf(name, await reader.take(8, "a tag"), 0, little);
    const most = mostUnpacked(bytes.length);
    if (tag.bytes > most)
      throw new DataError(
        `${name}: too large, got a variable of ${tag.bytes} bytes in ${bytes.length} packed ones, expected at most ${most}`,
      );
    return { type: tag.type, data: await reader.take(tag.small ? 0 : tag.bytes, "a variable") };
  } finally {
    await reader.close();
  }
}

/** The parts of a matrix: flags, dimensions, name and values, each padded to 8 bytes. Cells hold matrices, of which only text is read. */
function variableOf(name: string, bytes: Uint8Array, little: boolean, inCell = false): MatVariable {
  let at = 0;
  const next = (): Element => {
    const tag = tagOf(name, bytes, at, little);
    const start = at + (tag.small ? 4 : 8);
    const end = start + checkedLength(name, tag.bytes, bytes.length - start);
    at = tag.small ? at + 8 : Math.ceil(end / 8) * 8;
    return { type: tag.type, data: bytes.subarray(start, end) };
  };
  const few = (): readonly number[] => {
    const { type, data } = next();
    return [...numbersOf(name, { type, data: data.subarray(0, 8 * (mostAxes + 1)) }, little, Float64Array)];
  };
  const [flags = Number.NaN] = few();
  const dims = few();
  if (dims.length < 2 || dims.length > mostAxes || !dims.every((extent) => extent >= 0 && Number.isSafeInteger(extent)))
    throw new DataError(
      `${name}: a size that no array has, got ${dims.slice(0, 4).join(" x ")}, expected 2 to ${mostAxes} extents`,
    );
  const key = new TextDecoder().decode(next().data);
  const form = flags & 0xff;
  const [count, complex] = [dims.reduce((product, extent) => product * extent, 1), (flags & 0x800) !== 0];
  const kind = complex ? "complex numbers" : (kinds[form] ?? (count === 0 ? "an empty array" : "numbers"));
  const about = { key, dims, kind };
  if (form === cells && !inCell) {
    const texts = Array.from({ length: Math.min(count, bytes.length) }, () => {
      const { type, data } = next();
      return type === matrix ? variableOf(name, data, little, true).text : undefined;
    });
    const whole = texts.flatMap((text) => (text?.length === 1 ? text : []));
    return whole.length === count ? { ...about, text: whole } : about;
  }
  if (complex || count === 0 || !(form === characters || (form >= firstNumber && form <= lastNumber))) return about;
  const stored = next();
  const [width] = storage[stored.type] ?? [NaN];
  if (stored.data.length !== count * width)
    throw new DataError(
      `${name}: ${key} does not fit its size, got ${stored.data.length} bytes of type ${stored.type}, expected ${dims.join(" x ")} values`,
    );
  if (form === characters) return { ...about, text: rowsOfText(numbersOf(name, stored, little, Uint16Array), dims) };
  const array: Numbers = form === bytesClass ? Uint8Array : dims.length > 2 ? Float32Array : Float64Array;
  return { ...about, values: numbersOf(name, stored, little, array) };
}

type Numbers = new (length: number) => NonNullable<MatVariable["values"]>;

function numbersOf<Values extends Uint8Array | Uint16Array | Float32Array | Float64Array>(
  name: string,
  { type, data }: Element,
  little: boolean,
  form: new (length: number) => Values,
): Values {
  const [width, read] = storage[type] ?? [0, undefined];
  if (!read) throw new DataError(`${name}: numbers of a type it cannot read, got ${type}, expected integers or floats`);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = new form(Math.floor(data.length / width));
  for (let i = 0; i < values.length; i++) values[i] = read(view, i * width, little);
  return values;
}

/** The rows of a matrix of characters, without the blanks that fill them. */
function rowsOfText(codes: Uint16Array, [rows = 0, width = 0]: ArrayLike<number> & Iterable<number>): string[] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: width }, (__, column) => String.fromCharCode(codes[row + rows * column]!))
      .join("")
      .trimEnd(),
  );
}
