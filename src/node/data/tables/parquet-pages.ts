import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { AsyncBuffer, ColumnMetaData, SchemaTree } from "hyparquet";
// Internals of hyparquet, which no version range covers: package.json pins the exact version whose files these are.
import { parquetHeader, readPage } from "hyparquet/src/column.js";
import { convert } from "hyparquet/src/convert.js";
import { deltaBinaryUnpack } from "hyparquet/src/delta.js";
import { readVarInt } from "hyparquet/src/thrift.js";
import { compressors, decompressZstd } from "hyparquet-compressors";
import { decimalScale, parsers, storedElement } from "./parquet-types.ts";
import { structureEnd } from "./thrift-bounds.ts";
import { inTime } from "../../files/with-timeout.ts";

type PageHeader = ReturnType<typeof parquetHeader>;
type DecodedArray = NonNullable<ReturnType<typeof readPage>["data"]>;

/** Rows of a group. */
export const MOST_ROWS = 2 ** 24;
/** Bytes of a column in a group of rows, as they lie in the file; bytes that a page may unpack to. */
const MOST_BYTES = 2 ** 28;
const MOST_PAGE = 2 ** 27;
/** Values of a page that are texts: each is an object. */
const MOST_TEXTS = 2 ** 22;

/** Bytes that a packed page may unpack to: so many for each of its own and each value, and these in any case. */
const MOST_RATIO = 1000;
const MOST_PER_VALUE = 256;
const ANY_PAGE = 2 ** 16;

/** Time for so many bytes, in ms, of which a few in a hundred do on a usual machine: a damaged page may have no end. */
const patience = (bytes: number): number => 3000 + Math.ceil(bytes / 20_000);

/** What a page holds: values of the rows that have one. */
export interface PageValues {
  readonly rows: number;
  /** 1 for every row that has a value, 0 for one that has none; missing where all have. */
  readonly present?: Uint8Array | undefined;
  readonly values: ArrayLike<unknown>;
}

/** The values of one column in a group of `rows` rows, a page at a time. Throws Error where they are not what the file claims. */
export async function* columnPages(
  file: AsyncBuffer,
  column: SchemaTree,
  root: SchemaTree,
  about: ColumnMetaData | undefined,
  rows: number,
): AsyncGenerator<PageValues> {
  if (!about) throw new Error("a column without a place");
  const start = Number(about.dictionary_page_offset || about.data_page_offset);
  const length = Number(about.total_compressed_size);
  if (!(start >= 0 && length >= 0 && start + length <= file.byteLength))
    throw new Error(`a column lies from byte ${start} on, ${length} long, in ${file.byteLength}`);
  if (length > MOST_BYTES) throw new Error(`${length} bytes of a column in a group of rows, more than ${MOST_BYTES}`);
  // Which rows have a value is read here: what is left of a page is that of a column where all have one.
  const element = { ...storedElement(column.element), repetition_type: "REQUIRED" } as const;
  const decoder: Parameters<typeof readPage>[2] = {
    pathInSchema: about.path_in_schema,
    element,
    schemaPath: [root, { ...column, element }],
    ...about,
    codec: "UNCOMPRESSED",
    parsers,
    utf8: decimalScale(column.element) === undefined,
  };
  const decoded = ({ header, bytes }: Page, dictionary?: DecodedArray): DecodedArray => {
    const whole = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
    const { data } = readPage(whole, header, decoder, dictionary, undefined, 0);
    if (!data) throw new Error("a page without values");
    return data;
  };
  const reader = { view: new DataView(await file.slice(start, start + length)), offset: 0 };
  let dictionary: DecodedArray | undefined;
  for (let given = 0; given < rows;) {
    structureEnd(reader.view, reader.offset);
    const header = parquetHeader(reader);
    const { compressed_page_size: packed } = header;
    const left = reader.view.byteLength - reader.offset;
    if (!(packed >= 0 && packed <= left)) throw new Error(`a page claims ${packed} bytes, with ${left} left`);
    const bytes = new Uint8Array(reader.view.buffer, reader.view.byteOffset + reader.offset, packed);
    reader.offset += packed;
    checkCounts(header, column, rows - given);
    checkRatio(header);
    const page = unpacked(header, bytes, about.codec);
    if (page.header.type === "DICTIONARY_PAGE") {
      dictionary = inTime(patience(page.bytes.length), () => convert(decoded(page), decoder));
      continue;
    }
    const values = inTime(patience(page.bytes.length), () => {
      const { present, count, rest } = withoutLevels(page, column);
      if (count === 0) return { present, values: [] };
      checkRuns(rest, count);
      const found = decoded(rest, dictionary);
      if (found.length !== count) throw new Error(`${found.length} values in a page of ${count}`);
      return { present, values: found };
    });
    const { data_page_header: v1, data_page_header_v2: v2 } = page.header;
    const inPage = (v1 ?? v2)?.num_values;
    if (!inPage) throw new Error("a page without values");
    given += inPage;
    yield { rows: inPage, ...values };
  }
}

/** None of them gives more than `size` bytes, whatever its input says. */
const unpackers: Readonly<Partial<Record<string, (bytes: Uint8Array, size: number) => Uint8Array>>> = {
  ...compressors,
  GZIP: (bytes, size) => gunzipSync(bytes, { maxOutputLength: size }),
  BROTLI: (bytes, size) => brotliDecompressSync(bytes, { maxOutputLength: size }),
  ZSTD: (bytes, size) => decompressZstd(bytes, new Uint8Array(size)),
};

interface Page {
  readonly header: PageHeader;
  readonly bytes: Uint8Array;
}

/** A page as if it had never been packed. */
function unpacked(header: PageHeader, bytes: Uint8Array, codec: ColumnMetaData["codec"]): Page {
  const { uncompressed_page_size: size, data_page_header_v2: v2 } = header;
  if (!(size >= 0 && size <= MOST_PAGE)) throw new Error(`a page claims ${size} bytes, more than ${MOST_PAGE}`);
  // The levels of the second version lie before what is packed.
  const levels = v2 ? v2.repetition_levels_byte_length + v2.definition_levels_byte_length : 0;
  if (!(levels >= 0 && levels <= Math.min(size, bytes.length))) throw new Error(`levels of ${levels} bytes in a page`);
  const plain = codec === "UNCOMPRESSED" || v2?.is_compressed === false;
  const unpack = plain ? undefined : unpackers[codec];
  if (!plain && !unpack) throw new Error(`unknown compression ${codec}`);
  const whole = new Uint8Array(size);
  const body =
    unpack && size > levels
      ? inTime(patience(size), () => unpack(bytes.subarray(levels), size - levels))
      : bytes.subarray(levels, unpack ? levels : undefined);
  if (body.length !== size - levels) throw new Error(`a page of ${body.length} bytes that claims ${size - levels}`);
  whole.set(bytes.subarray(0, levels));
  whole.set(body, levels);
  return {
    bytes: whole,
    header: {
      ...header,
      compressed_page_size: size,
      ...(v2 && { data_page_header_v2: { ...v2, is_compressed: false } }),
    },
  };
}

function checkCounts(header: PageHeader, { element }: SchemaTree, rows: number): void {
  const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: dictionary } = header;
  const values = (v1 ?? v2 ?? dictionary)?.num_values ?? 0;
  const most = Math.min(dictionary ? MOST_ROWS : rows, /BYTE_ARRAY/.test(element.type ?? "") ? MOST_TEXTS : MOST_ROWS);
  if (!(values >= 0 && values <= most)) throw new Error(`a page claims ${values} values, more than ${most}`);
  const nulls = v2?.num_nulls ?? 0;
  if (!(nulls >= 0 && nulls <= values)) throw new Error(`a page claims ${nulls} nulls of ${values} values`);
}

/** Throws for a page that would unpack to far more than its values need: thousands of those fit into a small file. */
function checkRatio(header: PageHeader): void {
  const { compressed_page_size: packed, uncompressed_page_size: size } = header;
  const { data_page_header: v1, data_page_header_v2: v2, dictionary_page_header: dictionary } = header;
  const values = (v1 ?? v2 ?? dictionary)?.num_values ?? 0;
  if (size > Math.max(ANY_PAGE + MOST_PER_VALUE * values, MOST_RATIO * packed))
    throw new Error(`a page of ${packed} bytes claims to unpack to ${size} for ${values} values`);
}

interface Levels {
  /** Which rows have a value; missing where all have. */
  readonly present?: Uint8Array | undefined;
  /** How many have. */
  readonly count: number;
  /** The page of these values alone. */
  readonly rest: Page;
}

/** Parts a page into which rows have a value, and the values: a level of 1 is a row that has. */
function withoutLevels({ header, bytes }: Page, { element }: SchemaTree): Levels {
  const { data_page_header: v1, data_page_header_v2: v2 } = header;
  const data = v1 ?? v2;
  if (!data) throw new Error(`a page of type ${header.type}`);
  const rows = data.num_values;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const nullable = element.repetition_type === "OPTIONAL";
  const from = v2 ? v2.repetition_levels_byte_length : nullable ? 4 : 0;
  const length = v2 ? v2.definition_levels_byte_length : nullable ? view.getUint32(0, true) : 0;
  if (from + length > bytes.length) throw new Error(`levels of ${length} bytes in a page of ${bytes.length}`);
  const present = nullable ? levelsOf(view, from, from + length, rows) : undefined;
  const count = present?.reduce((sum, level) => sum + level, 0) ?? rows;
  if (v2 && v2.num_nulls !== rows - count)
    throw new Error(`a page claims ${v2.num_nulls} nulls, and has ${rows - count}`);
  const left = bytes.subarray(from + length);
  return {
    present: count < rows ? present : undefined,
    count,
    rest: {
      bytes: left,
      header: {
        ...header,
        compressed_page_size: left.length,
        uncompressed_page_size: left.length,
        ...(v1 && { data_page_header: { ...v1, num_values: count } }),
        ...(v2 && {
          data_page_header_v2: {
            ...v2,
            num_values: count,
            num_nulls: 0,
            definition_levels_byte_length: 0,
            repetition_levels_byte_length: 0,
          },
        }),
      },
    },
  };
}

/** Levels of 0 and 1 in Parquet's mix of run lengths and packed bits. */
function levelsOf(view: DataView, from: number, to: number, rows: number): Uint8Array {
  checkHybrid(view, from, to, 1, rows);
  const levels = new Uint8Array(rows);
  const reader = { view, offset: from };
  for (let row = 0; row < rows;) {
    const head = readVarInt(reader);
    const count = head & 1 ? Math.min((head >>> 1) * 8, rows - row) : head >>> 1;
    if (head & 1)
      for (let i = 0; i < count; i++) levels[row + i] = (view.getUint8(reader.offset + (i >> 3)) >> (i & 7)) & 1;
    else levels.fill(view.getUint8(reader.offset) & 1, row, row + count);
    reader.offset += head & 1 ? head >>> 1 : 1;
    row += count;
  }
  return levels;
}

/**
 * Runs of equal values and texts that begin like the one before take next to no bytes, and hyparquet (1.31) writes as many as a
 * page claims: throws where that is more than the page's values, or more bytes than a page may have. `values`: those that are present.
 */
function checkRuns({ header, bytes }: Page, values: number): void {
  const encoding = (header.data_page_header ?? header.data_page_header_v2)?.encoding;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (encoding === "RLE") checkHybrid(view, 4, bytes.length, 1, values);
  else if (encoding === "PLAIN_DICTIONARY" || encoding === "RLE_DICTIONARY") {
    const width = view.getUint8(0);
    if (width > 32) throw new Error(`a page whose indices have ${width} bits`);
    if (width > 0) checkHybrid(view, 1, bytes.length, width, values);
  } else if (encoding?.startsWith("DELTA_")) {
    const reader = { view, offset: 0 };
    checkDelta(reader);
    if (encoding !== "DELTA_BYTE_ARRAY") return;
    const [prefixes, suffixes] = [new Int32Array(values), new Int32Array(values)];
    deltaBinaryUnpack(reader, values, prefixes);
    checkDelta(reader);
    deltaBinaryUnpack(reader, values, suffixes);
    const total = prefixes.reduce((sum, prefix, i) => sum + Math.max(0, prefix) + Math.max(0, suffixes[i]!), 0);
    if (total > MOST_PAGE) throw new Error(`a page of ${total} bytes of text, more than ${MOST_PAGE}`);
  }
}

/** Differences come in blocks of so many parts of so many values; a block without any would be followed by another one for ever. */
function checkDelta({ view, offset }: { readonly view: DataView; readonly offset: number }): void {
  const reader = { view, offset };
  const [block, parts] = [readVarInt(reader), readVarInt(reader)];
  if (!(block > 0 && parts > 0 && block % (8 * parts) === 0))
    throw new Error(`differences in blocks of ${block} values in ${parts} parts`);
}

/** Walks the runs of Parquet's mix of run lengths and packed bits until `values` are there. */
function checkHybrid(view: DataView, from: number, to: number, width: number, values: number): void {
  const reader = { view, offset: from };
  // Packed bits come eight values at a time, and the last may reach beyond.
  for (let seen = 0; seen < values;) {
    if (reader.offset >= to) throw new Error(`runs of ${seen} values, expected ${values}`);
    const head = readVarInt(reader);
    const count = head & 1 ? (head >>> 1) * 8 : head >>> 1;
    if (head & 1 ? head < 0 : count > values - seen)
      throw new Error(`a run of ${count} values where ${values - seen} are left`);
    reader.offset += head & 1 ? (count / 8) * width : Math.ceil(width / 8);
    seen += count;
  }
}
