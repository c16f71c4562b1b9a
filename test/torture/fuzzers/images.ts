import sharp from "sharp";
import type { Fuzzer } from "../fuzzing/fuzzer.ts";
import { dataReader } from "./open-data.ts";

const [width, height] = [24, 20];
const pixels = Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * 37) % 251);
const picture = () => sharp(pixels, { raw: { width, height, channels: 3 } });

export const images: Fuzzer = {
  name: "images",
  seeds: async () => {
    const files: readonly (readonly [name: string, content: Promise<Buffer>])[] = [
      ["a.png", picture().png().toBuffer()],
      ["a.png", picture().png({ palette: true, progressive: true }).toBuffer()],
      ["a.png", picture().greyscale().png().toBuffer()],
      [
        "a.jpg",
        picture()
          .jpeg()
          .withExif({ IFD0: { Artist: "x" } })
          .toBuffer(),
      ],
      ["a.jpg", picture().jpeg({ progressive: true }).toBuffer()],
      ["a.webp", picture().webp({ lossless: true }).toBuffer()],
      ["a.webp", picture().webp().toBuffer()],
      ["a.gif", picture().gif().toBuffer()],
      ["a.tif", picture().tiff({ compression: "lzw" }).toBuffer()],
      ["a.tif", picture().tiff({ compression: "none" }).toBuffer()],
      ["a.avif", picture().avif({ effort: 0 }).toBuffer()],
    ];
    return Promise.all(files.map(async ([name, content]) => ({ name, bytes: await content })));
  },
  // One image is opened as that on which a trained run is used.
  reader: dataReader({ whole: true }),
};
