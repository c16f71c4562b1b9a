import { closeSync, openSync, readSync, type Stats, statSync } from "node:fs";

const ascii = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
const begins = (bytes: Uint8Array, ...start: readonly number[]): boolean => start.every((byte, i) => bytes[i] === byte);

/** Formats by how their files begin. What is not of these is not decoded, whatever its name: SVG reads other files, and is drawn at any size. */
const formats: readonly ((start: Uint8Array) => boolean)[] = [
  function jpeg(start) {
    return begins(start, 0xff, 0xd8, 0xff);
  },
  function png(start) {
    return begins(start, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  },
  function webp(start) {
    return ascii(start, 0, 4) === "RIFF" && ascii(start, 8, 12) === "WEBP";
  },
  function gif(start) {
    return /^GIF8[79]a$/.test(ascii(start, 0, 6));
  },
  function tiff(start) {
    return /^(II[*+]\0|MM\0[*+])$/.test(ascii(start, 0, 4));
  },
  function avif(start) {
    return ascii(start, 4, 8) === "ftyp";
  },
];
const START = 16;

/** Throws Error for a path that is no regular file, which is not opened, or whose bytes begin as no image's that is decoded. */
export function checkImageFile(path: string): void {
  const stats = statSync(path);
  if (!stats.isFile()) throw new Error(kindOf(stats));
  const file = openSync(path, "r");
  try {
    const start = new Uint8Array(START);
    readSync(file, start, 0, START, 0);
    if (!formats.some((is) => is(start)))
      throw new Error(stats.size === 0 ? "an empty file" : "none of JPEG, PNG, WebP, GIF, TIFF and AVIF");
  } finally {
    closeSync(file);
  }
}

function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return "a named pipe";
  if (stats.isSocket()) return "a socket";
  return stats.isDirectory() ? "a folder" : "a device";
}
