import { philox4x32, type StreamKey } from "./philox.ts";

function eachBlock(
  length: number,
  key: StreamKey,
  offset: number,
  sequence: number,
  visit: (word: number[], at: number) => void,
) {
  for (let at = 0; at < length; at += 4) {
    const block = offset + at / 4;
    visit(philox4x32([block >>> 0, Math.floor(block / 2 ** 32), 0, sequence], key), at);
  }
}

/** Fills `out` with uniform uint32 words; `offset` counts 128-bit blocks, that is four words. */
export function fillUint32(out: Uint32Array, key: StreamKey, offset = 0): void {
  eachBlock(out.length, key, offset, 0, (words, at) => out.set(words.slice(0, out.length - at), at));
}

/** Fills `out` with uniform float32 in [0, 1), multiples of 2^-24, from the same words as `fillUint32`. */
export function fillUniform(out: Float32Array, key: StreamKey, offset = 0): void {
  eachBlock(out.length, key, offset, 0, (words, at) =>
    out.set(
      words.slice(0, out.length - at).map((word) => (word >>> 8) * 2 ** -24),
      at,
    ),
  );
}

/** Fills `out` with standard normal float32; `offset` counts blocks of four samples. */
export function fillNormal(out: Float32Array, key: StreamKey, offset = 0): void {
  eachBlock(out.length, key, offset, 1, (words, at) => {
    for (let pair = 0; pair < 4; pair += 2) {
      const radius = Math.sqrt(-2 * Math.log((words[pair]! >>> 1) * 2 ** -31 + 2 ** -32));
      const angle = words[pair + 1]! * ((2 * Math.PI) / 2 ** 32);
      if (at + pair < out.length) out[at + pair] = radius * Math.cos(angle);
      if (at + pair + 1 < out.length) out[at + pair + 1] = radius * Math.sin(angle);
    }
  });
}
