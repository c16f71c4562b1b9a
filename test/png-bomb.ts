import { once } from "node:events";
import { crc32, createDeflate } from "node:zlib";

/** Where Adam7 begins in each pass, and how far it steps. */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;
const zeros = Buffer.alloc(2 ** 20);

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** An interlaced black PNG, which takes a thousandth of what it unpacks to; `whole: false` leaves the pixels out. */
export async function interlacedPng(
  side: number,
  {
    depth = 8,
    alpha = false,
    whole = true,
  }: { readonly depth?: 8 | 16; readonly alpha?: boolean; readonly whole?: boolean } = {},
): Promise<Uint8Array> {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([depth, alpha ? 6 : 2, 0, 0, 1], 8);
  const pixel = ((alpha ? 4 : 3) * depth) / 8;
  const bytes = passes.reduce(
    (sum, [x, y, dx, dy]) => sum + Math.ceil((side - y) / dy) * (1 + pixel * Math.ceil((side - x) / dx)),
    0,
  );
  const deflate = createDeflate({ level: 1 });
  const packed: Buffer[] = [];
  deflate.on("data", (piece: Buffer) => packed.push(piece));
  for (let left = whole ? bytes : 0; left > 0; left -= zeros.length)
    if (!deflate.write(zeros.subarray(0, left))) await once(deflate, "drain");
  deflate.end();
  await once(deflate, "end");
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", head),
    chunk("IDAT", Buffer.concat(packed)),
    chunk("IEND", new Uint8Array()),
  ]);
}
