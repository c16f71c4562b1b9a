import { deflateRawSync, crc32 as zlibCrc32 } from "node:zlib";

export interface Packed {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly deflate?: boolean;
  /** What the directory says in place of the truth. */
  readonly lies?: Partial<Record<"size" | "packed" | "crc" | "method" | "flags" | "offset", number>>;
}

/** A ZIP archive as APPNOTE.TXT describes it, written apart from the reader. */
export function zip(entries: readonly Packed[], { zip64 = false } = {}): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, deflate = false, lies = {} } of entries) {
    const body = deflate ? deflateRawSync(bytes) : Buffer.from(bytes);
    const title = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(title.length, 26);
    const central = Buffer.alloc(46);
    const claim = {
      size: bytes.length,
      packed: body.length,
      crc: zlibCrc32(bytes),
      method: deflate ? 8 : 0,
      flags: 0,
      offset,
      ...lies,
    };
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(claim.flags, 8);
    central.writeUInt16LE(claim.method, 10);
    central.writeUInt32LE(claim.crc, 16);
    central.writeUInt32LE(zip64 ? 0xffffffff : claim.packed, 20);
    central.writeUInt32LE(zip64 ? 0xffffffff : claim.size, 24);
    central.writeUInt16LE(title.length, 28);
    central.writeUInt32LE(claim.offset, 42);
    const extra = Buffer.alloc(zip64 ? 20 : 0);
    if (zip64) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(16, 2);
      extra.writeBigUInt64LE(BigInt(claim.size), 4);
      extra.writeBigUInt64LE(BigInt(claim.packed), 12);
      central.writeUInt16LE(20, 30);
    }
    parts.push(local, title, body);
    directory.push(central, title, extra);
    offset += 30 + title.length + body.length;
  }
  const end = Buffer.alloc(22);
  const directorySize = Buffer.concat(directory).length;
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(directorySize, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...parts, ...directory, end]));
}
