/** A 64-bit Philox key: two uint32 words. Equal keys give equal streams. */
export interface StreamKey {
  readonly k0: number;
  readonly k1: number;
}

/** Multipliers and Weyl key increments of Philox4x32 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). */
export const PHILOX = { m0: 0xd2511f53, m1: 0xcd9e8d57, w0: 0x9e3779b9, w1: 0xbb67ae85, rounds: 10 } as const;

/** High 32 bits of the 64-bit product of two uint32, by 16-bit halves, as float64 holds only 53 bits. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const highLow = aHigh * bLow;
  const lowHigh = aLow * bHigh;
  const middle = ((aLow * bLow) >>> 16) + (highLow & 0xffff) + (lowHigh & 0xffff);
  return (aHigh * bHigh + (highLow >>> 16) + (lowHigh >>> 16) + (middle >>> 16)) >>> 0;
}

/** Philox4x32-10: the 128-bit block (four uint32) at a 128-bit counter under a 64-bit key. */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: StreamKey,
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let { k0, k1 } = key;
  for (let round = 0; round < PHILOX.rounds; round++) {
    const high0 = mulHigh(PHILOX.m0, c0);
    const high1 = mulHigh(PHILOX.m1, c2);
    const low0 = Math.imul(PHILOX.m0, c0) >>> 0;
    const low1 = Math.imul(PHILOX.m1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + PHILOX.w0) >>> 0;
    k1 = (k1 + PHILOX.w1) >>> 0;
  }
  return [c0, c1, c2, c3];
}
