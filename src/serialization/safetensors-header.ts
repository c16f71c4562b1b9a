/**
 * The safetensors header: `{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..., "__metadata__": {...}}`.
 *
 * JSON.parse keeps the last of duplicate keys and builds any nesting, so this parser reads only the forms that the format allows: linear time,
 * no recursion, duplicates refused.
 */
import { CheckpointError } from "../errors.ts";
import { quoted } from "./quoted.ts";

/** Item size in bytes of each supported dtype. */
export const itemBytes = { F32: 4, F64: 8, I64: 8, I32: 4, U32: 4, U8: 1, BOOL: 1 } as const;

export type SafetensorsDtype = keyof typeof itemBytes;

/** Dtype and shape of a tensor. */
export interface TensorSpec {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
}

export interface TensorEntry extends TensorSpec {
  /** First byte and byte past the end, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The format's own limit on the header size. */
const maxHeaderBytes = 100_000_000;
const maxRank = 32;
/** A name is a key, not a path; only characters that would break a line or are not valid UTF-8 are refused. */
const forbiddenInName = /[\p{Cc}\p{Cs}]/u;

/** Why `name` is not a valid tensor name, or null. */
export function nameProblem(name: string): string | null {
  if (name === "__metadata__") return "__metadata__ is reserved by the format";
  return forbiddenInName.test(name) ? "control characters are not allowed in a name" : null;
}

/** The product of `shape` times the item size, or null beyond 2^53 - 1. */
export function byteLength({ dtype, shape }: TensorSpec): number | null {
  let bytes: number = itemBytes[dtype];
  for (const size of shape) {
    bytes *= size;
    if (bytes > Number.MAX_SAFE_INTEGER) return null;
  }
  return bytes;
}

/** Length of the header in bytes, from a file's first 8 bytes and its length. Throws CheckpointError. */
export function headerLength(prefix: Uint8Array, fileBytes: number, where: string): number {
  if (fileBytes < 8 || prefix.byteLength < 8) {
    throw new CheckpointError(`${where}: not a safetensors file, got ${fileBytes} bytes, expected at least 8`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  const limit = Math.min(maxHeaderBytes, fileBytes - 8);
  if (length > BigInt(limit)) {
    throw new CheckpointError(`${where}: header length is wrong, got ${length} bytes, expected at most ${limit}`);
  }
  return Number(length);
}

/** Parses the header and validates every tensor against the `dataBytes` that follow it. Throws CheckpointError. */
export function parseHeader(header: Uint8Array, dataBytes: number, where: string): SafetensorsHeader {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(header);
  } catch (cause) {
    throw new CheckpointError(`${where}: header is not UTF-8`, { cause });
  }
  const parsed = new HeaderReader(text, where).read();
  checkLayout(parsed.tensors, dataBytes, where);
  return parsed;
}

/** Tensors must fill the data section exactly: no overlap, no hole, none outside. */
function checkLayout(tensors: ReadonlyMap<string, TensorEntry>, dataBytes: number, where: string): void {
  const fail = (name: string, problem: string): never => {
    throw new CheckpointError(`${where}: tensor ${quoted(name)}: ${problem}`);
  };
  let filled = 0;
  for (const [name, entry] of [...tensors].toSorted(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    const { begin, end, dtype, shape } = entry;
    if (end > dataBytes) fail(name, `data ends outside the file, got byte ${end}, expected at most ${dataBytes}`);
    if (begin !== filled) fail(name, `data overlaps or leaves a hole, got first byte ${begin}, expected ${filled}`);
    const expected = byteLength(entry);
    if (end - begin !== expected) {
      const size = expected ?? "more than 2^53";
      fail(name, `length is wrong, got ${end - begin} bytes, expected ${size} for ${dtype} [${shape.join(", ")}]`);
    }
    filled = end;
  }
  if (filled !== dataBytes) {
    throw new CheckpointError(`${where}: data length is wrong, got ${dataBytes} bytes, expected ${filled}`);
  }
}

class HeaderReader {
  readonly #text: string;
  readonly #where: string;
  #at = 0;

  constructor(text: string, where: string) {
    this.#text = text;
    this.#where = where;
  }

  read(): SafetensorsHeader {
    const tensors = new Map<string, TensorEntry>();
    let metadata: Map<string, string> | null = null;
    // The format requires "{" as the first byte and allows padding only at the end.
    if (!this.#text.startsWith("{")) this.#fail("{");
    this.#members((name) => {
      if (name === "__metadata__") {
        if (metadata !== null) this.#failAbout(name, "named twice");
        metadata = this.#metadata();
        return;
      }
      if (tensors.has(name)) this.#failAbout(name, "named twice");
      const problem = nameProblem(name);
      if (problem !== null) this.#failAbout(name, problem);
      tensors.set(name, this.#entry(name));
    });
    this.#skipSpace();
    if (this.#at !== this.#text.length) this.#fail("the end of the header");
    return { tensors, metadata: metadata ?? new Map() };
  }

  #metadata(): Map<string, string> {
    const metadata = new Map<string, string>();
    this.#members((key) => {
      if (metadata.has(key)) this.#failAbout("__metadata__", `${quoted(key)} named twice`);
      metadata.set(key, this.#string());
    });
    return metadata;
  }

  #entry(name: string): TensorEntry {
    let dtype: SafetensorsDtype | undefined;
    let shape: number[] | undefined;
    let offsets: number[] | undefined;
    this.#members((key) => {
      if (key === "dtype" && dtype === undefined) dtype = this.#dtype(name);
      else if (key === "shape" && shape === undefined) shape = this.#integers(name, key, maxRank);
      else if (key === "data_offsets" && offsets === undefined) offsets = this.#integers(name, key, 2);
      else this.#failAbout(name, `unexpected field ${quoted(key)}, expected dtype, shape and data_offsets once each`);
    });
    const [begin, end] = offsets ?? [];
    if (dtype === undefined || shape === undefined || begin === undefined || end === undefined) {
      return this.#failAbout(name, "incomplete, expected dtype, shape and two data_offsets");
    }
    return { dtype, shape, begin, end };
  }

  #dtype(name: string): SafetensorsDtype {
    const dtype = this.#string();
    if (!Object.hasOwn(itemBytes, dtype)) {
      this.#failAbout(
        name,
        `unknown dtype, got ${quoted(dtype)}, expected one of ${Object.keys(itemBytes).join(", ")}`,
      );
    }
    return dtype as SafetensorsDtype;
  }

  /** `[1, 2, 3]`: non-negative integers up to 2^53 - 1. */
  #integers(name: string, key: string, maxCount: number): number[] {
    const values: number[] = [];
    this.#expect("[");
    if (this.#takes("]")) return values;
    do {
      this.#skipSpace();
      const from = this.#at;
      while (/^[0-9]$/.test(this.#text[this.#at] ?? "")) this.#at++;
      const digits = this.#text.slice(from, this.#at);
      const value = Number(digits);
      if (!/^(0|[1-9][0-9]{0,15})$/.test(digits) || !Number.isSafeInteger(value)) {
        this.#failAbout(name, `${key} is wrong, expected integers from 0 to 2^53 - 1`);
      }
      if (values.push(value) > maxCount)
        this.#failAbout(name, `${key} is too long, expected at most ${maxCount} numbers`);
    } while (this.#takes(","));
    this.#expect("]");
    return values;
  }

  /** Parses an object's members; `readValue` consumes each value. */
  #members(readValue: (key: string) => void): void {
    this.#expect("{");
    if (this.#takes("}")) return;
    do {
      const key = this.#string();
      this.#expect(":");
      readValue(key);
    } while (this.#takes(","));
    this.#expect("}");
  }

  #string(): string {
    this.#expect('"');
    const from = this.#at;
    while (this.#at < this.#text.length && this.#text[this.#at] !== '"')
      this.#at += this.#text[this.#at] === "\\" ? 2 : 1;
    const body = this.#text.slice(from, this.#at);
    this.#expect('"');
    try {
      return JSON.parse(`"${body}"`) as string;
    } catch (cause) {
      throw new CheckpointError(`${this.#where}: header is damaged, got ${quoted(body)} where a string is`, { cause });
    }
  }

  #skipSpace(): void {
    while (" \t\n\r".includes(this.#text[this.#at] ?? "end")) this.#at++;
  }

  #takes(token: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#takes(token)) this.#fail(token);
  }

  #fail(expected: string): never {
    const found = this.#at < this.#text.length ? quoted(this.#text.slice(this.#at, this.#at + 12)) : "its end";
    throw new CheckpointError(`${this.#where}: header is damaged, got ${found}, expected ${expected}`);
  }

  #failAbout(name: string, problem: string): never {
    throw new CheckpointError(`${this.#where}: tensor ${quoted(name)}: ${problem}`);
  }
}
