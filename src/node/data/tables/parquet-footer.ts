import { type AsyncBuffer, type FileMetaData, parquetMetadata, type SchemaElement } from "hyparquet";
import { structureEnd } from "./thrift-bounds.ts";

/** Bytes after the footer: its length, and the four that end every file. */
const ENDING = 8;
/** Bytes of the footer: thousands of columns in thousands of groups of rows take less. */
const MOST_FOOTER = 2 ** 27;

/** Values, nulls too, of a file of so many bytes. Equal values take next to no bytes: a file may be small, and rows without end be in it. */
const mostValues = (bytes: number): number => 2 ** 24 + 1024 * bytes;

/** What a file says of its columns and groups of rows. Throws Error where that cannot be. */
export async function parquetFooter(file: AsyncBuffer): Promise<FileMetaData> {
  if (file.byteLength < ENDING) throw new Error(`${file.byteLength} bytes`);
  const length = new DataView(await file.slice(file.byteLength - ENDING)).getUint32(0, true);
  if (length > Math.min(MOST_FOOTER, file.byteLength - ENDING))
    throw new Error(`a footer of ${length} bytes in a file of ${file.byteLength}`);
  const bytes = await file.slice(file.byteLength - ENDING - length);
  structureEnd(new DataView(bytes, 0, length), 0);
  const metadata = parquetMetadata(bytes, { geoparquet: false });
  metadata.schema.forEach((element, i) => checkElement(element, metadata.schema.length - 1 - i));
  const rows = metadata.row_groups.reduce((sum, { num_rows }) => sum + Math.max(0, Number(num_rows)), 0);
  const values = rows * metadata.schema.filter(({ type }) => type !== undefined).length;
  if (!(values <= mostValues(file.byteLength)))
    throw new Error(`${values} values in a file of ${file.byteLength} bytes`);
  return metadata;
}

/** Throws Error for a column without a name, or with other columns within it than follow. */
function checkElement({ name, num_children: children = 0 }: SchemaElement, left: number): void {
  if (typeof name !== "string") throw new Error("a column without a name");
  if (!(children >= 0 && children <= left)) throw new Error(`column ${name} has ${children} columns of ${left} left`);
}
