import { DataError } from "../../errors.ts";

/** The part of a browser's `File` that readers need. `stream` may be called more than once. */
export interface ByteFile {
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** A file with random access, as a browser's `File` has: the bytes from `start` up to `end`. */
export interface SlicedFile extends ByteFile {
  slice(start: number, end: number): Pick<ByteFile, "size" | "stream">;
}

/** Largest expansion factor of DEFLATE (zlib's technical details). */
const DEFLATE_LIMIT = 1032;
/** Beyond these bytes, arrays of examples unpack to fewer times their packed size: dSprites, of zeros and ones, to 115 times. */
const ANY_FACTOR = 2 ** 29;
const MOST_FACTOR = 256;

/** Bytes that so many packed ones may unpack to. */
export const mostUnpacked = (packed: number): number =>
  Math.min(packed * DEFLATE_LIMIT, Math.max(ANY_FACTOR, packed * MOST_FACTOR));

/** The chunks of a stream; failures become a `DataError` that names the file and, where given, its compression format. */
export async function* fileChunks(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  name: string,
  compressed?: "gzip" | "zip",
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        if (cause instanceof DataError) throw cause;
        const [what, expected] = compressed
          ? [`damaged or truncated ${compressed} data`, "a whole file; fetch it again"]
          : ["cannot be read", "a file that can be read"];
        const [reason] = (cause instanceof Error ? cause.message : String(cause)).split("\n");
        throw new DataError(`${name}: ${what}, got ${reason}, expected ${expected}`, { cause });
      });
      if (done) return;
      yield value;
    }
  } finally {
    // A canceled stream may reject because its input ended early; everything needed has been read.
    await reader.cancel().catch(() => {});
  }
}

/** Sequential byte reader: a given number of bytes at a time, then the rest in chunks. */
export class ByteReader {
  readonly #chunks: AsyncGenerator<Uint8Array<ArrayBuffer>>;
  readonly #name: string;
  #held = new Uint8Array();

  constructor(chunks: AsyncGenerator<Uint8Array<ArrayBuffer>>, name: string) {
    this.#chunks = chunks;
    this.#name = name;
  }

  /** The next `count` bytes; throws a `DataError` that names `what` where the stream ends before. */
  async take(count: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
    const taken = new Uint8Array(count);
    let at = 0;
    for (;;) {
      const part = this.#held.subarray(0, count - at);
      taken.set(part, at);
      this.#held = this.#held.subarray(part.length);
      at += part.length;
      if (at === count) return taken;
      const { done, value } = await this.#chunks.next();
      if (done) throw new DataError(`${this.#name}: truncated in ${what}, got ${at} bytes, expected ${count}`);
      this.#held = value;
    }
  }

  async *rest(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    if (this.#held.length > 0) yield this.#held;
    yield* this.#chunks;
  }

  /** Cancels the stream. */
  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}
