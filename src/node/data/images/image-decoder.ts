import type { Metadata, Sharp } from "sharp";
import { DataError } from "../../../errors.ts";
import { checkImageFile } from "./image-format.ts";
import { MemoryBudget } from "./memory-budget.ts";

export interface ImageForm {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Bytes of an image. */
export const formBytes = ({ width, height, channels }: ImageForm): number => width * height * channels;

export interface ImageHead {
  readonly width: number;
  readonly height: number;
  readonly gray: boolean;
}

/** Of one image, before it is scaled: beyond this a file is taken for a bomb. */
const MOST_PIXELS = 2 ** 28;
/** Of all images that are decoded at the same time, unpacked; one alone may take as many. */
const MOST_BYTES = 2 ** 30;

/** Sample formats whose full scale is known: 8 and 16 bits. */
const scaled: ReadonlySet<string | undefined> = new Set(["uchar", "ushort"]);

/** Reads image files of any size and format as bytes of one form. */
export interface ImageDecoder {
  /** Of the library and its formats: what the pixels depend on besides the file. */
  readonly version: string;
  head(path: string): Promise<ImageHead>;
  /**
   * One image as [channels, height, width]: the first frame of an animation, turned as its EXIF tag says, in 8-bit sRGB or gray from
   * whatever color space and 8 or 16 bits, transparency on white, scaled until it covers the form and cropped to its center. Other numbers, such
   * as those of a float TIFF, are refused: which of them are black and white is not in the file.
   */
  decode(path: string, form: ImageForm): Promise<Uint8Array>;
}

/** Throws `DataError` where sharp is not installed. */
export async function imageDecoder(): Promise<ImageDecoder> {
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new DataError("images: the package sharp reads them, got none, expected it; npm install sharp", { cause });
  });
  sharp.cache(false);
  sharp.concurrency(1);
  const open = (path: string): Sharp => {
    checkImageFile(path);
    return sharp(path, { limitInputPixels: MOST_PIXELS, sequentialRead: true });
  };
  const budget = new MemoryBudget(MOST_BYTES);
  return {
    version: `sharp ${sharp.versions.sharp}, libvips ${sharp.versions.vips}`,
    async head(path) {
      const { autoOrient, space } = await open(path).metadata();
      return { ...autoOrient, gray: space === "b-w" || space === "grey16" };
    },
    async decode(path, { width, height, channels }) {
      const image = open(path);
      const about = await image.metadata();
      const { depth } = about;
      if (!scaled.has(depth))
        throw new Error(
          `pixels of type ${depth}, whose black and white are not known: save it with 8 or 16 bits, or all as one .npy array`,
        );
      const bytes = unpackedBytes(about);
      if (bytes > MOST_BYTES)
        throw new Error(`${about.width} x ${about.height} pixels of ${bytes} bytes, more than ${MOST_BYTES}`);
      const pixels = image
        .autoOrient()
        .flatten({ background: "white" })
        .resize(width, height, { fit: "cover", position: "centre" })
        .toColourspace(channels === 1 ? "b-w" : "srgb")
        .raw({ depth: "uchar" });
      const { data, info } = await budget.during(bytes, () => pixels.toBuffer({ resolveWithObject: true }));
      if (info.channels !== channels) throw new Error(`${info.channels} channels where ${channels} should be`);
      return channels === 1 ? data : planes(data, channels);
    },
  };
}

/** Bytes that a decoder may hold of an image: interlaced ones unpack as a whole, and progressive JPEG into coefficients of 16 bits. */
const unpackedBytes = ({ format, width, height, channels, depth, isProgressive }: Metadata): number =>
  width * height * channels * (depth === "ushort" || (format === "jpeg" && isProgressive) ? 2 : 1);

/** [pixels, channels] as [channels, pixels]. */
function planes(pixels: Uint8Array, channels: number): Uint8Array {
  const count = pixels.length / channels;
  const out = new Uint8Array(pixels.length);
  for (let channel = 0; channel < channels; channel++)
    for (let i = 0; i < count; i++) out[channel * count + i] = pixels[channels * i + channel]!;
  return out;
}
