import { DataError } from "../../errors.ts";
import { type ByteFile, ByteReader, fileChunks, mostUnpacked, type SlicedFile } from "./byte-file.ts";

/** Signatures and sizes of the ZIP structures that are read (PKWARE APPNOTE.TXT). */
const END = { signature: 0x06054b50, size: 22 };
const END64 = { signature: 0x06064b50, size: 56 };
const LOCATOR64 = { signature: 0x07064b50, size: 20 };
const CENTRAL = { signature: 0x02014b50, size: 46 };
const LOCAL = { signature: 0x04034b50, size: 30 };
const STORED = 0;
const DEFLATED = 8;
const MAX_COMMENT = 65535;
const MAX_DIRECTORY = 1 << 24;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/**
 * The files of a ZIP archive by name, as streams that verify size and CRC-32; only the central directory is read. Throws `DataError` for names
 * with paths, duplicate names, encryption, compression other than stored and deflate, and, against decompression bombs, sizes that DEFLATE
 * cannot reach or more packed bytes than the file has.
 */
export async function readZip(file: SlicedFile): Promise<ReadonlyMap<string, ByteFile>> {
  const entries = await readDirectory(file);
  const files = new Map<string, ByteFile>();
  let packed = 0;
  for (const entry of entries) {
    const { name, method, size } = entry;
    const where = `${file.name}/${name}`;
    if (!/^[\w .-]+$/.test(name) || /^\.+$/.test(name))
      throw new DataError(
        `${file.name}: an entry's name has a path, got ${JSON.stringify(name)}, expected a plain name`,
      );
    if (files.has(name)) throw new DataError(`${file.name}: two entries of one name, got ${name} twice, expected one`);
    if (method !== STORED && method !== DEFLATED)
      throw new DataError(`${where}: packed in a way it cannot read, got method ${method}, expected stored or deflate`);
    if (method === STORED ? size !== entry.packed : size > mostUnpacked(entry.packed))
      throw new DataError(
        `${where}: sizes that disagree, got ${entry.packed} packed bytes for ${size}, expected what they can hold`,
      );
    packed += entry.packed;
    if (packed > file.size)
      throw new DataError(`${file.name}: entries overlap, got ${packed} packed bytes, expected at most ${file.size}`);
    files.set(name, {
      name: where,
      size,
      stream: () => asStream(unpacked(file, entry, where)),
    });
  }
  return files;
}

async function readDirectory(file: SlicedFile): Promise<readonly Entry[]> {
  const tailStart = Math.max(0, file.size - END.size - MAX_COMMENT);
  const tail = await read(file, tailStart, file.size, "its end");
  let at = tail.byteLength - END.size;
  while (at >= 0 && tail.getUint32(at, true) !== END.signature) at--;
  if (at < 0) throw new DataError(`${file.name}: not a ZIP archive, got no end of a directory, expected a whole .npz`);
  let count = tail.getUint16(at + 10, true);
  let size = tail.getUint32(at + 12, true);
  let offset = tail.getUint32(at + 16, true);
  const locator = at - LOCATOR64.size;
  if (locator >= 0 && tail.getUint32(locator, true) === LOCATOR64.signature) {
    const from = uint64(tail, locator + 8);
    const end = await read(file, from, from + END64.size, "its directory");
    if (end.getUint32(0, true) !== END64.signature)
      throw new DataError(`${file.name}: damaged, got no directory where it should end, expected a whole file`);
    [count, size, offset] = [uint64(end, 32), uint64(end, 40), uint64(end, 48)];
  }
  if (size > MAX_DIRECTORY)
    throw new DataError(
      `${file.name}: the directory is too long, got ${size} bytes, expected at most ${MAX_DIRECTORY}`,
    );
  const directory = await read(file, offset, offset + size, "its directory");
  const entries: Entry[] = [];
  for (let from = 0; entries.length < count;) {
    const entry = readEntry(file.name, directory, from);
    entries.push(entry);
    from = entry.end;
  }
  return entries;
}

function readEntry(where: string, view: DataView, at: number): Entry & { readonly end: number } {
  const damaged = () =>
    new DataError(`${where}: a damaged directory, got entries that do not fit, expected a whole file`);
  if (at + CENTRAL.size > view.byteLength || view.getUint32(at, true) !== CENTRAL.signature) throw damaged();
  const nameEnd = at + CENTRAL.size + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const end = extraEnd + view.getUint16(at + 32, true);
  if (end > view.byteLength) throw damaged();
  const name = new TextDecoder().decode(
    new Uint8Array(view.buffer, view.byteOffset + at + CENTRAL.size, nameEnd - at - CENTRAL.size),
  );
  if ((view.getUint16(at + 8, true) & 1) !== 0)
    throw new DataError(`${where}/${name}: encrypted, got a flag that says so, expected plain data`);
  const fields = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  // Fields of all ones are stored in the ZIP64 extra field (1), in this order.
  for (let extra = nameEnd; extra + 4 <= extraEnd; extra += 4 + view.getUint16(extra + 2, true)) {
    if (view.getUint16(extra, true) !== 1) continue;
    let from = extra + 4;
    fields.forEach((field, i) => {
      if (field !== 0xffffffff) return;
      if (from + 8 > extraEnd) throw damaged();
      fields[i] = uint64(view, from);
      from += 8;
    });
  }
  const [size, packed, offset] = fields as [number, number, number];
  return { name, method: view.getUint16(at + 10, true), crc: view.getUint32(at + 16, true), packed, size, offset, end };
}

/** The bytes of an entry; throws where it is longer or shorter than its directory entry says. */
async function* unpacked(file: SlicedFile, { method, crc, packed, size, offset }: Entry, where: string) {
  const local = await read(file, offset, offset + LOCAL.size, where);
  if (local.getUint32(0, true) !== LOCAL.signature)
    throw new DataError(`${where}: damaged, got no entry where the directory says, expected a whole file`);
  const start = offset + LOCAL.size + local.getUint16(26, true) + local.getUint16(28, true);
  if (start + packed > file.size)
    throw new DataError(`${where}: truncated, got ${file.size} bytes of archive, expected ${start + packed}`);
  const raw = file.slice(start, start + packed).stream();
  const stream = method === STORED ? raw : raw.pipeThrough(new DecompressionStream("deflate-raw"));
  let given = 0;
  let sum = 0xffffffff;
  for await (const chunk of fileChunks(stream, where, "zip")) {
    given += chunk.length;
    if (given > size) break;
    sum = addToCrc(sum, chunk);
    yield chunk;
  }
  if (given !== size) {
    const got = given > size ? "more" : `${given} bytes`;
    throw new DataError(`${where}: does not unpack to the size it claims, got ${got}, expected ${size}`);
  }
  if (~sum >>> 0 !== crc)
    throw new DataError(
      `${where}: damaged, got checksum ${hex(~sum >>> 0)}, expected ${hex(crc)}; fetch the file again`,
    );
}

function asStream(chunks: AsyncGenerator<Uint8Array<ArrayBuffer>>): ReturnType<ByteFile["stream"]> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}

async function read(file: SlicedFile, start: number, end: number, what: string): Promise<DataView> {
  if (!(start >= 0 && end <= file.size && start <= end))
    throw new DataError(`${file.name}: truncated in ${what}, got ${file.size} bytes, expected at least ${end}`);
  const part = new ByteReader(fileChunks(file.slice(start, end).stream(), file.name), file.name);
  try {
    return new DataView((await part.take(end - start, what)).buffer);
  } finally {
    await part.close();
  }
}

const uint64 = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));
const hex = (word: number): string => word.toString(16).padStart(8, "0");

/** CRC-32 (ISO 3309), reflected polynomial 0xedb88320. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let word = byte;
  for (let bit = 0; bit < 8; bit++) word = (word & 1) === 0 ? word >>> 1 : (word >>> 1) ^ 0xedb88320;
  return word;
});

function addToCrc(sum: number, bytes: Uint8Array): number {
  for (const byte of bytes) sum = (sum >>> 8) ^ CRC_TABLE[(sum ^ byte) & 255]!;
  return sum;
}
