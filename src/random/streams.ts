import { ConfigError } from "../errors.ts";
import { fillNormal, fillUint32 } from "./fill.ts";
import { philox4x32, type StreamKey } from "./philox.ts";

/** Samples buffered by `Stream`; does not affect values. */
const BUFFERED = 256;

/**
 * Derives an independent 64-bit key from a seed and a path of names and indices, such as (seed, "noise", step, "z").
 *
 * The hash is chained Philox: each 8 bytes of an element (UTF-8 text, or an integer as two uint32) are the first half of the counter, the
 * element's kind and length and the position within it the second half, the current key is the key, and the first two output words are the next
 * key. The third counter word is never 0 here and always 0 in streams, so no derived key is part of a stream. Seed and path integers lie in
 * [0, 2^53); anything else throws `ConfigError`.
 */
export function streamKey(seed: number, ...path: readonly (string | number)[]): StreamKey {
  let key: StreamKey = { k0: 0, k1: 0 };
  const absorb = (low: number, high: number, kind: number, position: number) => {
    const [k0, k1] = philox4x32([low, high, kind, position], key);
    key = { k0, k1 };
  };
  for (const element of [seed, ...path]) {
    if (typeof element === "number") {
      if (!Number.isSafeInteger(element) || element < 0)
        throw new ConfigError(
          `streamKey: seed or path index out of range, got ${element}, expected an integer in [0, 2^53)`,
        );
      absorb(element >>> 0, Math.floor(element / 2 ** 32), 1, 0);
    } else {
      const text = new TextEncoder().encode(element);
      const padded = new DataView(new ArrayBuffer(Math.max(1, Math.ceil(text.length / 8)) * 8));
      new Uint8Array(padded.buffer).set(text);
      for (let at = 0; at < padded.byteLength; at += 8)
        absorb(padded.getUint32(at, true), padded.getUint32(at + 4, true), 2 + text.length, at / 8);
    }
  }
  return key;
}

/**
 * Scalar random numbers for host code from one key. `uniform`, `int` and `permutation` consume the words of `fillUint32` in call order; `normal`
 * consumes the samples of `fillNormal`, a separate sequence.
 *
 * @example
 * const random = stream(0, "dice");
 * const throws = Array.from({ length: 3 }, () => 1 + random.int(6));
 */
export class Stream {
  readonly key: StreamKey;
  readonly #words = new Uint32Array(BUFFERED);
  readonly #normals = new Float32Array(BUFFERED);
  /** Position in the buffer, which starts empty, and block offset of the next fill. */
  #wordAt = BUFFERED;
  #wordBlock = 0;
  #normalAt = BUFFERED;
  #normalBlock = 0;

  constructor(key: StreamKey) {
    this.key = key;
  }

  /** Uniform in [0, 1), a multiple of 2^-24: sample i is element i of `fillUniform`. */
  uniform(): number {
    return (this.#word() >>> 8) * 2 ** -24;
  }

  /** Standard normal: sample i is element i of `fillNormal`. */
  normal(): number {
    if (this.#normalAt === BUFFERED) {
      fillNormal(this.#normals, this.key, this.#normalBlock);
      this.#normalBlock += BUFFERED / 4;
      this.#normalAt = 0;
    }
    return this.#normals[this.#normalAt++]!;
  }

  /** Uniform integer in [0, n), unbiased, for n in [1, 2^32]. */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32)
      throw new ConfigError(`Stream.int: bound out of range, got ${n}, expected an integer in [1, 2^32]`);
    for (;;) {
      const word = this.#word();
      const value = word % n;
      if (word - value + n <= 2 ** 32) return value; // else in the incomplete last run of n words
    }
  }

  /** A uniformly random permutation of 0 .. n-1 (Fisher-Yates). */
  permutation(n: number): Uint32Array {
    if (!Number.isInteger(n) || n < 0 || n > 2 ** 32 - 1)
      throw new ConfigError(`Stream.permutation: length out of range, got ${n}, expected an integer in [0, 2^32)`);
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const swapped = order[i]!;
      order[i] = order[j]!;
      order[j] = swapped;
    }
    return order;
  }

  #word(): number {
    if (this.#wordAt === BUFFERED) {
      fillUint32(this.#words, this.key, this.#wordBlock);
      this.#wordBlock += BUFFERED / 4;
      this.#wordAt = 0;
    }
    return this.#words[this.#wordAt++]!;
  }
}

/** A stream of random numbers keyed by (seed, path): `new Stream(streamKey(seed, ...path))`. */
export function stream(seed: number, ...path: readonly (string | number)[]): Stream {
  return new Stream(streamKey(seed, ...path));
}
