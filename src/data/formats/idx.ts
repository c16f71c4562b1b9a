import { DataError } from "../../errors.ts";
import { type ByteFile, fileChunks, mostUnpacked } from "./byte-file.ts";

type IdxValues = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** Content of an IDX file: shape and row-major values. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly values: IdxValues;
}

export interface ReadIdxOptions {
  /** Largest size of the values in bytes; 4 GiB by default. */
  readonly maxBytes?: number;
}

/** The type codes of http://yann.lecun.com/exdb/mnist/ with their typed arrays. */
const DTYPES: Readonly<Record<number, (buffer: ArrayBuffer) => IdxValues>> = {
  0x08: (buffer) => new Uint8Array(buffer),
  0x09: (buffer) => new Int8Array(buffer),
  0x0b: (buffer) => new Int16Array(buffer),
  0x0c: (buffer) => new Int32Array(buffer),
  0x0d: (buffer) => new Float32Array(buffer),
  0x0e: (buffer) => new Float64Array(buffer),
};
const MAX_RANK = 4;

/**
 * Reads an IDX file, gzipped or plain, as a stream; the values are the only large allocation, made after the header is validated against the
 * file size. Throws a `DataError` that names the file for anything but one well-formed array.
 */
export async function readIdx(file: ByteFile, { maxBytes = 2 ** 32 }: ReadIdxOptions = {}): Promise<IdxArray> {
  if (file.size === 0) throw new DataError(`${file.name}: the file is empty, got 0 bytes, expected an IDX file`);
  const gzip = await isGzip(file);
  const stream = gzip ? file.stream().pipeThrough(new DecompressionStream("gzip")) : file.stream();
  const reader = new IdxReader(file, gzip, maxBytes);
  for await (const chunk of fileChunks(stream, file.name, gzip ? "gzip" : undefined)) reader.push(chunk);
  return reader.finish();
}

async function isGzip(file: ByteFile): Promise<boolean> {
  let first = -1;
  for await (const chunk of fileChunks(file.stream(), file.name))
    for (const byte of chunk.subarray(0, 2)) {
      if (first >= 0) return first === 0x1f && byte === 0x8b;
      first = byte;
    }
  return false;
}

/** Assembles one IDX array from chunks of bytes. */
class IdxReader {
  readonly #file: ByteFile;
  readonly #gzip: boolean;
  readonly #maxBytes: number;
  readonly #header = new Uint8Array(4 + 4 * MAX_RANK);
  #headerSize = 4;
  #headerRead = 0;
  #shape: readonly number[] = [];
  #values: Uint8Array<ArrayBuffer> | undefined;
  #valuesRead = 0;

  constructor(file: ByteFile, gzip: boolean, maxBytes: number) {
    this.#file = file;
    this.#gzip = gzip;
    this.#maxBytes = maxBytes;
  }

  push(chunk: Uint8Array) {
    let at = 0;
    while (!this.#values) {
      const taken = chunk.subarray(at, at + this.#headerSize - this.#headerRead);
      this.#header.set(taken, this.#headerRead);
      this.#headerRead += taken.length;
      at += taken.length;
      if (this.#headerRead < this.#headerSize) return;
      if (this.#headerSize === 4) this.#headerSize = 4 + 4 * this.#rank();
      else this.#allocate();
    }
    const rest = chunk.subarray(at);
    if (this.#valuesRead + rest.length > this.#values.length)
      throw this.#error("bytes left over after the last value", "more", this.#expected());
    this.#values.set(rest, this.#valuesRead);
    this.#valuesRead += rest.length;
  }

  finish(): IdxArray {
    if (!this.#values)
      throw this.#error("truncated in its header", `${this.#headerRead} bytes`, `at least ${this.#headerSize}`);
    if (this.#valuesRead < this.#values.length)
      throw this.#error("truncated", `${this.#valuesRead} bytes of values`, this.#expected());
    const values = DTYPES[this.#header[2]!]!(this.#values.buffer);
    swapBytes(this.#values, values.BYTES_PER_ELEMENT);
    return { shape: this.#shape, values };
  }

  /** Validates the magic number (two zeros, type code, rank) and returns the rank. */
  #rank(): number {
    // TypeScript does not know the array's length; it has at least four bytes.
    const [zero, alsoZero, code, rank] = this.#header as unknown as [number, number, number, number];
    if (zero !== 0 || alsoZero !== 0 || !(code in DTYPES) || rank < 1 || rank > MAX_RANK)
      throw this.#error(
        "not an IDX file",
        `first bytes ${Array.from(this.#header.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ")}`,
        `00 00, a type code (08 for bytes) and 1 to ${MAX_RANK} dimensions`,
      );
    return rank;
  }

  #allocate() {
    const header = new DataView(this.#header.buffer);
    const shape = Array.from({ length: this.#header[3]! }, (_, i) => header.getUint32(4 + 4 * i));
    this.#shape = shape;
    const bytes =
      shape.reduce((size, extent) => size * extent, 1) *
      DTYPES[this.#header[2]!]!(new ArrayBuffer(0)).BYTES_PER_ELEMENT;
    if (bytes === 0) throw this.#error("holds no values", `shape [${shape.join(", ")}]`, "no extent of 0");
    const present = this.#file.size - this.#headerSize;
    const claim = `a header that claims ${bytes} bytes, shape [${shape.join(", ")}]`;
    if (this.#gzip && bytes > mostUnpacked(this.#file.size))
      throw this.#error("header and file size disagree", claim, `what ${this.#file.size} compressed bytes can hold`);
    if (!this.#gzip && bytes !== present)
      throw this.#error(bytes > present ? "truncated" : "bytes left over after the last value", claim, `${present}`);
    if (bytes > this.#maxBytes) throw this.#error("too large", claim, `at most ${this.#maxBytes}`);
    try {
      this.#values = new Uint8Array(bytes);
    } catch {
      throw this.#error("too large for this machine's memory", claim, "values that fit into it");
    }
  }

  #expected(): string {
    return `${this.#values?.length} for shape [${this.#shape.join(", ")}]`;
  }

  #error(what: string, got: string, expected: string): DataError {
    return new DataError(`${this.#file.name}: ${what}, got ${got}, expected ${expected}`);
  }
}

/** IDX is big-endian; JavaScript platforms are little-endian. */
function swapBytes(bytes: Uint8Array, width: number) {
  if (width === 1) return;
  for (let at = 0; at < bytes.length; at += width)
    for (let low = at, high = at + width - 1; low < high; low++, high--) {
      const byte = bytes[low]!;
      bytes[low] = bytes[high]!;
      bytes[high] = byte;
    }
}
