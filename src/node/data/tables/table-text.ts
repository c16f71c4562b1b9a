/** The text of a file, plain or .gz, in any encoding. */
import { createReadStream } from "node:fs";
import { extname } from "node:path";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { ConfigError, DataError } from "../../../errors.ts";

function bytesOf(path: string): Readable {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (extname(path).toLowerCase() !== ".gz") return file;
  const unpacked = createGunzip();
  file.on("error", (error) => unpacked.destroy(error));
  return file.pipe(unpacked);
}

/** A decoder of an encoding; of UTF-8, or UTF-16 by its byte order mark, where none is given. Throws ConfigError for an unknown one. */
function decoderFor(encoding: string | undefined, start: Uint8Array): TextDecoder {
  const mark = (start[0] ?? 0) * 256 + (start[1] ?? 0);
  const label = encoding ?? (mark === 0xfffe ? "utf-16le" : mark === 0xfeff ? "utf-16be" : "utf-8");
  try {
    return new TextDecoder(label, { fatal: true });
  } catch (cause) {
    throw new ConfigError(
      `encoding: unknown, got ${JSON.stringify(encoding)}, expected a label such as utf-8, latin1, windows-1250, utf-16le, shift_jis or gbk`,
      { cause },
    );
  }
}

/**
 * The text of a file, a piece at a time. Throws DataError naming the line whose bytes are none of its encoding; whatever the stream throws
 * where it is damaged.
 */
export async function* fileText(path: string, name: string, encoding?: string): AsyncGenerator<string> {
  const stream = bytesOf(path);
  let decoder: TextDecoder | undefined;
  let pieces = 0;
  try {
    for await (const bytes of stream as AsyncIterable<Buffer>) {
      decoder ??= decoderFor(encoding, bytes);
      const text = tried(() => decoder!.decode(bytes, { stream: true }));
      if (text === undefined) throw await undecodable(path, name, { encoding, pieces });
      pieces += 1;
      if (text !== "") yield text;
    }
    if (decoder && tried(() => decoder!.decode()) === undefined)
      throw await undecodable(path, name, { encoding, pieces });
  } finally {
    stream.destroy();
  }
}

/** What `decode` gives; undefined for bytes that are none of the encoding. */
function tried(decode: () => string): string | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The error of bytes that are none of an encoding: reads the file again, byte by byte after `pieces` of it. */
async function undecodable(
  path: string,
  name: string,
  { encoding, pieces }: { readonly encoding: string | undefined; readonly pieces: number },
): Promise<DataError> {
  const stream = bytesOf(path);
  const place = { line: 1, byte: 0 };
  let decoder: TextDecoder | undefined;
  let piece = 0;
  const seen = (text: string | undefined): boolean => {
    for (const character of text ?? "") if (character === "\n") place.line += 1;
    return text !== undefined;
  };
  try {
    for await (const bytes of stream as AsyncIterable<Buffer>) {
      decoder ??= decoderFor(encoding, bytes);
      const steps = piece++ < pieces ? [bytes] : Array.from(bytes, (_, i) => bytes.subarray(i, i + 1));
      const wrong = steps.find((step) => {
        place.byte += step.length;
        return !seen(tried(() => decoder!.decode(step, { stream: true })));
      });
      if (wrong) break;
    }
  } finally {
    stream.destroy();
  }
  const cure = encoding === undefined ? "UTF-8; --encoding latin1 (or another one) reads other text" : encoding;
  return new DataError(
    `${name}: text in another encoding in line ${place.line}, got bytes that are not ${encoding ?? "UTF-8"} at byte ${place.byte}, expected ${cure}`,
  );
}
