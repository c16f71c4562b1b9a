import { sha256, sha256Hex } from "../sha256.ts";

/** Bytes hashed at a time: Web Crypto copies what it hashes, so this bounds the copy. */
const PIECE = 1 << 20;

export type FingerprintPart = string | Uint8Array | Uint16Array | Float32Array | Uint32Array | Iterable<Uint8Array>;

/**
 * SHA-256 in hex over the SHA-256 digests of the parts: text as UTF-8, arrays as their bytes in pieces of at most 1 MiB. It is the same on every
 * platform, and for an array given whole or piece by piece; no array is copied whole.
 */
export async function fingerprint(...parts: readonly FingerprintPart[]): Promise<string> {
  const digests: Uint8Array[] = [];
  const piece = new Uint8Array(PIECE);
  const digest = async (bytes: Uint8Array): Promise<void> => {
    digests.push(await sha256([bytes]));
  };
  for (const part of parts) {
    const before = digests.length;
    let filled = 0;
    for (const bytes of bytesOfPart(part))
      for (let at = 0; at < bytes.length;) {
        const some = bytes.subarray(at, at + PIECE - filled);
        piece.set(some, filled);
        at += some.length;
        filled += some.length;
        if (filled === PIECE) {
          await digest(piece);
          filled = 0;
        }
      }
    if (filled > 0 || digests.length === before) await digest(piece.subarray(0, filled));
  }
  return sha256Hex(digests);
}

function bytesOfPart(part: FingerprintPart): Iterable<Uint8Array> {
  if (typeof part === "string") return [new TextEncoder().encode(part)];
  return ArrayBuffer.isView(part) ? [new Uint8Array(part.buffer, part.byteOffset, part.byteLength)] : part;
}
