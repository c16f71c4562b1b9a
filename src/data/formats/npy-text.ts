import { DataError } from "../../errors.ts";
import { type ByteFile, ByteReader, fileChunks } from "./byte-file.ts";
import { isText, readNpyHeader } from "./npy-header.ts";

/** An array of text in row-major order. */
export interface TextArray {
  readonly shape: readonly number[];
  readonly values: readonly string[];
}

/** Largest size of such an array, in bytes. */
const mostBytes = 2 ** 30;

/** Reads an array of text of fixed length (NumPy's U and S types); undefined for any other type. Throws DataError. */
export async function readNpyText(file: ByteFile): Promise<TextArray | undefined> {
  const reader = new ByteReader(fileChunks(file.stream(), file.name), file.name);
  try {
    const { type, little, fortran, shape, length } = await readNpyHeader(file.name, reader);
    if (!isText(type)) return undefined;
    const count = shape.reduce((product, extent) => product * extent, 1);
    const width = Number(type.slice(1)) * (type.startsWith("U") ? 4 : 1);
    if (width === 0)
      throw new DataError(`${file.name}: text of no characters, got type ${type}, expected some; text can be labels`);
    if (fortran && shape.filter((extent) => extent > 1).length > 1)
      throw new DataError(
        `${file.name}: text in Fortran order, got shape (${shape.join(", ")}), expected one text a row`,
      );
    if (count * width !== file.size - length || count * width > mostBytes)
      throw new DataError(
        `${file.name}: size does not fit the header, got ${file.size - length} bytes, expected ${count * width}, at most ${mostBytes}`,
      );
    const bytes = await reader.take(count * width, "its text");
    const textAt = type.startsWith("U") ? unicodeAt : bytesAt;
    const values = Array.from({ length: count }, (_, i) => textAt(bytes.subarray(i * width, (i + 1) * width), little));
    return { shape, values };
  } finally {
    await reader.close();
  }
}

/** UTF-32 up to the first zero. */
function unicodeAt(bytes: Uint8Array, little: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    const point = view.getUint32(at, little);
    if (point === 0) break;
    text += point > 0x10ffff ? "\uFFFD" : String.fromCodePoint(point);
  }
  return text;
}

const bytesAt = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
};
