/** Bytes hashed at a time: Web Crypto copies what it hashes, so this bounds the copy. */
const PIECE = 1 << 20;

/**
 * SHA-256 in hex over the SHA-256 digests of the parts, text as UTF-8 and arrays as their bytes in pieces of at most 1 MiB.
 * Equal parts give equal fingerprints on every platform, and no array is copied whole.
 */
export async function fingerprint(
  ...parts: readonly (string | Uint8Array | Float32Array | Uint32Array)[]
): Promise<string> {
  const digests: Uint8Array[] = [];
  for (const part of parts) {
    const array = typeof part === "string" ? new TextEncoder().encode(part) : part;
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    for (let at = 0; at === 0 || at < bytes.length; at += PIECE)
      digests.push(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice(at, at + PIECE))));
  }
  const all = new Uint8Array(32 * digests.length);
  digests.forEach((digest, i) => all.set(digest, 32 * i));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
