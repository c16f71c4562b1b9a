/** Damage to bytes: flipped bits, magic integers, truncation, and parts that are repeated, removed or from elsewhere. */
import type { Stream } from "../../../src/random/streams.ts";

const INTEGERS = [0, 1, -1, 2, 7, 8, 127, 128, 255, 256, 32_767, 65_535, 65_536, 2 ** 24, 2 ** 31 - 1, -(2 ** 31)];
/** Numbers that text may have. */
const WORDS = ["0", "-1", "1e309", "NaN", "9007199254740993", "99999999999", '"', ",", "\n", "\0", "'", "{", "[", "("];

type Mutation = (random: Stream, bytes: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

const copied = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);

const mutations: readonly Mutation[] = [
  function flip(random, bytes) {
    const out = copied(bytes);
    out[random.int(out.length)]! ^= 1 << random.int(8);
    return out;
  },
  function byte(random, bytes) {
    const out = copied(bytes);
    out[random.int(out.length)] = random.int(256);
    return out;
  },
  function edge(random, bytes) {
    const out = copied(bytes);
    out[random.int(out.length)] = [0, 0xff, 0x7f, 0x80][random.int(4)]!;
    return out;
  },
  function integer(random, bytes) {
    const out = copied(bytes);
    const width = [2, 4, 8][random.int(3)]!;
    if (out.length < width) return out;
    const view = new DataView(out.buffer);
    const at = random.int(out.length - width + 1);
    const value = INTEGERS[random.int(INTEGERS.length)]!;
    const little = random.int(2) === 0;
    if (width === 2) view.setUint16(at, value, little);
    else if (width === 4) view.setUint32(at, value, little);
    else view.setBigInt64(at, BigInt(value), little);
    return out;
  },
  /** A number of seven bits a byte, as Thrift and protocol buffers write them. */
  function varint(random, bytes) {
    const long = Array.from({ length: 1 + random.int(9) }, () => 0x80 | random.int(128));
    return spliced(bytes, random.int(bytes.length), random.int(2), Uint8Array.from([...long, random.int(128)]));
  },
  function word(random, bytes) {
    const text = new TextEncoder().encode(WORDS[random.int(WORDS.length)]);
    return spliced(bytes, random.int(bytes.length), random.int(text.length + 1), text);
  },
  function truncated(random, bytes) {
    return bytes.slice(0, random.int(bytes.length + 1));
  },
  function removed(random, bytes) {
    return spliced(bytes, random.int(bytes.length), 1 + random.int(16), new Uint8Array());
  },
  function repeated(random, bytes) {
    const from = random.int(bytes.length);
    return spliced(bytes, from, 0, bytes.subarray(from, from + 1 + random.int(64)));
  },
  function filled(random, bytes) {
    const from = random.int(bytes.length);
    return copied(bytes).fill(random.int(256), from, from + 1 + random.int(32));
  },
  function fromElsewhere(random, bytes, others) {
    const other = others[random.int(others.length)]!;
    const part = other.subarray(random.int(other.length + 1));
    return spliced(bytes, random.int(bytes.length), random.int(32), part.subarray(0, 1 + random.int(64)));
  },
];

function spliced(bytes: Uint8Array, at: number, remove: number, insert: Uint8Array): Uint8Array {
  const after = bytes.subarray(Math.min(bytes.length, at + remove));
  const out = new Uint8Array(at + insert.length + after.length);
  out.set(bytes.subarray(0, at));
  out.set(insert, at);
  out.set(after, at + insert.length);
  return out;
}

/** Bytes with one to four kinds of damage, one after the other. */
export function mutated(random: Stream, bytes: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  let out = bytes;
  for (let left = 1 + random.int(4); left > 0 && out.length > 0; left--)
    out = mutations[random.int(mutations.length)]!(random, out, others);
  return out;
}
