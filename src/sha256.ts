/** SHA-256 of bytes in pieces, in any JavaScript runtime. */
import { sha256 as sha256Hash } from "@noble/hashes/sha2.js";

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

/** The same in JavaScript: nothing is copied, however much it is. */
export function incrementalSha256(pieces: Iterable<Uint8Array>): Uint8Array {
  const hash = sha256Hash.create();
  for (const bytes of pieces) hash.update(bytes);
  return hash.digest();
}
