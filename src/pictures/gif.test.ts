import { expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { encodeGif } from "./gif.ts";
import type { Raster } from "./raster.ts";

interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly loops: number | null;
  readonly frames: readonly { readonly delay: number; readonly rgb: readonly number[] }[];
}

/** A reader of what encodeGif writes, by the GIF89a specification. */
function decodeGif(bytes: Uint8Array): Decoded {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number): string =>
    new TextDecoder("latin1").decode(bytes.subarray(at, at + length));
  expect(text(0, 6)).toBe("GIF89a");
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  let at = 13;
  const colors = bytes.subarray(at, (at += 3 * 2 ** ((bytes[10]! & 7) + 1)));
  const blocks = (): Uint8Array => {
    const parts: number[] = [];
    while (bytes[at]! > 0) {
      parts.push(...bytes.subarray(at + 1, at + 1 + bytes[at]!));
      at += 1 + bytes[at]!;
    }
    at++;
    return Uint8Array.from(parts);
  };
  let loops: number | null = null;
  let delay = 0;
  const frames: Decoded["frames"][number][] = [];
  for (;;) {
    const kind = bytes[at++];
    if (kind === 0x3b) return { width, height, loops, frames };
    if (kind === 0x21) {
      const label = bytes[at++];
      const data = blocks();
      if (label === 0xf9) delay = data[1]! + 256 * data[2]!;
      if (label === 0xff) {
        expect(new TextDecoder("latin1").decode(data.subarray(0, 11))).toBe("NETSCAPE2.0");
        loops = data[12]! + 256 * data[13]!;
      }
      continue;
    }
    expect(kind).toBe(0x2c);
    expect([view.getUint16(at + 4, true), view.getUint16(at + 6, true), bytes[at + 8]]).toEqual([width, height, 0]);
    at += 9;
    const codeBits = bytes[at++]!;
    const indices = unpacked(blocks(), codeBits);
    frames.push({ delay, rgb: indices.flatMap((i) => Array.from(colors.subarray(3 * i, 3 * i + 3))) });
  }
}

/** LZW with codes of growing width, as GIF has it. */
function unpacked(data: Uint8Array, codeBits: number): number[] {
  const clear = 1 << codeBits;
  let table: number[][] = [];
  let bits = 0;
  let previous: number[] | undefined;
  const out: number[] = [];
  for (let at = 0; at < 8 * data.length;) {
    if (table.length === 0) {
      table = Array.from({ length: clear + 2 }, (_, i) => [i]);
      bits = codeBits + 1;
    }
    let code = 0;
    for (let i = 0; i < bits; i++) code |= ((data[(at + i) >> 3]! >> ((at + i) & 7)) & 1) << i;
    at += bits;
    if (code === clear + 1) return out;
    if (code === clear) {
      table = [];
      previous = undefined;
      continue;
    }
    const entry: number[] = table[code] ?? [...previous!, previous![0]!];
    out.push(...entry);
    if (previous && table.length < 4096) table.push([...previous, entry[0]!]);
    previous = entry;
    if (table.length === 1 << bits && bits < 12) bits++;
  }
  throw new Error("no end code");
}

const raster = (channels: 1 | 3, data: readonly number[]): Raster => ({
  width: 40,
  height: data.length / channels / 40,
  channels,
  data: Uint8Array.from(data),
});
const noise = (count: number, seed: number): number[] => {
  let state = seed;
  return Array.from({ length: count }, () => (state = (Math.imul(1664525, state) + 1013904223) >>> 0) >>> 24);
};

test("grays come back as they were, frame by frame, for ever", () => {
  const frames = [noise(800, 1), noise(800, 2), Array.from({ length: 800 }, () => 7)];
  const {
    width,
    height,
    loops,
    frames: found,
  } = decodeGif(
    encodeGif(
      frames.map((data) => raster(1, data)),
      { frameMs: 80, restMs: 500 },
    ),
  );
  expect({ width, height, loops }).toEqual({ width: 40, height: 20, loops: 0 });
  expect(found.map(({ delay }) => delay)).toEqual([8, 8, 58]);
  found.forEach(({ rgb }, i) => expect(rgb).toEqual(frames[i]!.flatMap((gray) => [gray, gray, gray])));
});

test("few colors come back as they were, many nearly", () => {
  const few = [
    [255, 0, 0],
    [0, 0, 255],
    [10, 200, 30],
  ];
  const flat = Array.from({ length: 80 }, (_, i) => few[i % 3]!).flat();
  expect(decodeGif(encodeGif([raster(3, flat)])).frames[0]!.rgb).toEqual(flat);
  const many = Array.from({ length: 1600 }, (_, i) => [(i % 40) * 6, Math.floor(i / 40) * 6, 128]).flat();
  const { rgb } = decodeGif(encodeGif([raster(3, many), raster(3, many)])).frames[1]!;
  const error = rgb.reduce((sum, value, i) => sum + Math.abs(value - many[i]!), 0) / rgb.length;
  expect(error).toBeLessThan(6);
});

test("refuses frames that do not belong together", () => {
  expect(() => encodeGif([])).toThrow(ShapeError);
  expect(() => encodeGif([raster(1, noise(40, 1)), raster(1, noise(80, 1))])).toThrow(
    "gif: frames differ in size, got [1, 2, 40], expected [1, 1, 40]",
  );
});
