import { encode } from "fast-png";
import { CheckpointError } from "../errors.ts";
import type { Raster } from "./raster.ts";

/** The bytes of a PNG file. Level 9 takes three to six times as long, for one to four percent fewer bytes. */
export function encodePng({ width, height, channels, data }: Raster): Uint8Array {
  return encode({ width, height, channels, data, depth: 8 }, { zlib: { level: 6 } });
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Of a picture that is read back. */
const mostPixels = 2 ** 24;

/**
 * The picture of a PNG file as encodePng writes them: 8 bits, gray or RGB, rows without filters. Such a file may have come from elsewhere: no more memory
 * is taken than its size allows, and CheckpointError, naming `where`, is thrown for any other.
 */
export async function decodePng(bytes: Uint8Array, where: string): Promise<Raster> {
  const refused = (got: string): CheckpointError =>
    new CheckpointError(`${where}: not a picture of a run, got ${got}, expected a PNG file as Latentkit writes it`);
  if (!signature.every((byte, i) => bytes[i] === byte)) throw refused("another file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packed: Uint8Array<ArrayBuffer>[] = [];
  let form: Omit<Raster, "data"> | undefined;
  for (let at = signature.length; at + 12 <= bytes.length;) {
    const size = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const [from, to] = [at + 8, at + 8 + size];
    if (to + 4 > bytes.length) throw refused("a part that is cut off");
    if (type === "IHDR" && size === 13) {
      const [depth, color, ...methods] = bytes.subarray(from + 8, to);
      const [width, height] = [view.getUint32(from), view.getUint32(from + 4)];
      if (depth !== 8 || (color !== 0 && color !== 2) || methods.some((method) => method !== 0))
        throw refused("another form of pixels");
      if (width * height === 0 || width * height > mostPixels) throw refused(`${width} x ${height} pixels`);
      form = { width, height, channels: color === 0 ? 1 : 3 };
    } else if (type === "IDAT") packed.push(bytes.slice(from, to));
    at = to + 4;
  }
  if (!form) throw refused("none");
  const row = form.width * form.channels;
  const rows = await inflated(packed, form.height * (1 + row));
  if (!rows) throw refused("pixels that do not fit its size");
  const data = new Uint8Array(form.height * row);
  for (let y = 0; y < form.height; y++) {
    const from = y * (1 + row);
    if (rows[from] !== 0) throw refused("filtered rows");
    data.set(rows.subarray(from + 1, from + 1 + row), y * row);
  }
  return { ...form, data };
}

/** Exactly `size` bytes, or undefined where there are more, fewer, or none that can be unpacked. */
async function inflated(packed: readonly Uint8Array<ArrayBuffer>[], size: number): Promise<Uint8Array | undefined> {
  const out = new Uint8Array(size);
  let filled = 0;
  try {
    for await (const piece of new Blob([...packed]).stream().pipeThrough(new DecompressionStream("deflate"))) {
      if (filled + piece.length > size) return undefined;
      out.set(piece, filled);
      filled += piece.length;
    }
  } catch {
    return undefined;
  }
  return filled === size ? out : undefined;
}
