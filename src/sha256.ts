/** SHA-256 (FIPS 180-4) of bytes in pieces, in any JavaScript runtime. */

/** Bytes that are joined for Web Crypto, which is native code but takes a message whole: past this the copy costs more than it gains. */
const mostJoined = 2 ** 28;
/** Bytes of one piece that Web Crypto is given as they are: it copies them once more, and takes less than 2^31. */
const mostWhole = 2 ** 30;

/** The digest of the pieces, one after the other. They are read until the promise settles. */
export async function sha256(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const size = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const [only] = pieces;
  const whole =
    pieces.length === 1 && size <= mostWhole && isUnshared(only!)
      ? only
      : size <= mostJoined
        ? joined(pieces, size)
        : undefined;
  // A page that is not served securely has no Web Crypto.
  const { subtle } = globalThis.crypto as { readonly subtle?: SubtleCrypto };
  return whole && subtle ? new Uint8Array(await subtle.digest("SHA-256", whole)) : incrementalSha256(pieces);
}

/** The digest in hexadecimal. */
export const sha256Hex = async (pieces: readonly Uint8Array[]): Promise<string> =>
  Array.from(await sha256(pieces), (byte) => byte.toString(16).padStart(2, "0")).join("");

const isUnshared = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> => bytes.buffer instanceof ArrayBuffer;

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.byteLength;
  }
  return all;
}

const primes: readonly number[] = Array.from({ length: 310 }, (_, i) => i + 2).filter((n) =>
  Array.from({ length: n - 2 }, (_, i) => i + 2).every((divisor) => n % divisor !== 0),
);
const fraction = (x: number): number => Math.floor((x - Math.floor(x)) * 2 ** 32);
/** The first 32 bits of the fractions of the square roots of 8 primes, and of the cube roots of 64 (sections 5.3.3 and 4.2.2). */
const initialState = Int32Array.from(primes.slice(0, 8), (p) => fraction(Math.sqrt(p)));
const roundConstants = Int32Array.from(primes.slice(0, 64), (p) => fraction(Math.cbrt(p)));

/** The same in JavaScript, 64 bytes at a time: nothing is copied, however much it is. */
export function incrementalSha256(pieces: Iterable<Uint8Array>): Uint8Array {
  const state = Int32Array.from(initialState);
  const words = new Int32Array(64);
  const block = new Uint8Array(64);
  let filled = 0;
  let size = 0;
  for (const bytes of pieces) {
    size += bytes.length;
    let at = 0;
    if (filled > 0) {
      at = Math.min(64 - filled, bytes.length);
      block.set(bytes.subarray(0, at), filled);
      filled += at;
      if (filled < 64) continue;
      compress(state, words, block, 0);
    }
    for (; at + 64 <= bytes.length; at += 64) compress(state, words, bytes, at);
    filled = bytes.length - at;
    block.set(bytes.subarray(at));
  }
  // A one bit, zeros, and the length in bits.
  block.fill(0, filled);
  block[filled] = 0x80;
  if (filled >= 56) {
    compress(state, words, block, 0);
    block.fill(0);
  }
  new DataView(block.buffer).setBigUint64(56, BigInt(size) * 8n);
  compress(state, words, block, 0);
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, i) => digest.setInt32(4 * i, word));
  return new Uint8Array(digest.buffer);
}

/** Section 6.2.2. `words` is room for the message schedule. */
function compress(state: Int32Array, words: Int32Array, bytes: Uint8Array, at: number): void {
  for (let t = 0; t < 16; t++) {
    const i = at + 4 * t;
    words[t] = (bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!;
  }
  for (let t = 16; t < 64; t++) {
    const x = words[t - 15]!;
    const y = words[t - 2]!;
    const sigma0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3);
    const sigma1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10);
    words[t] = (words[t - 16]! + sigma0 + words[t - 7]! + sigma1) | 0;
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    const t1 = (h + sum1 + ((e & f) ^ (~e & g)) + roundConstants[t]! + words[t]!) | 0;
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    const t2 = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
  state[4]! += e;
  state[5]! += f;
  state[6]! += g;
  state[7]! += h;
}

const rotate = (x: number, by: number): number => (x >>> by) | (x << (32 - by));
