/** Letters for pictures of pixels: a bitmap font of 5 x 7. */
import type { Raster } from "./raster.ts";

/** Pixels of a letter, and from one to the next. */
const height = 7;
const width = 5;
const advance = width + 1;

/** A row of a letter is a digit of base 32, whose bits are its pixels. */
const glyphs: Readonly<Record<string, string>> = {
  A: "4ahhvhh",
  B: "uhhuhhu",
  C: "ehggghe",
  D: "uhhhhhu",
  E: "vggvggv",
  F: "vggvggg",
  G: "ehgnhhe",
  H: "hhhvhhh",
  I: "e44444e",
  J: "72222ic",
  K: "hikokih",
  L: "ggggggv",
  M: "hrllhhh",
  N: "hhpljhh",
  O: "ehhhhhe",
  P: "uhhuggg",
  Q: "ehhhlid",
  R: "uhhukih",
  S: "fgge11u",
  T: "v444444",
  U: "hhhhhhe",
  V: "hhhhha4",
  W: "hhhllla",
  X: "hha4ahh",
  Y: "hha4444",
  Z: "v1248gv",
  "0": "ehjlphe",
  "1": "4c4444e",
  "2": "eh1248v",
  "3": "v2421he",
  "4": "26aiv22",
  "5": "vgu11he",
  "6": "68guhhe",
  "7": "v124888",
  "8": "ehhehhe",
  "9": "ehhf12c",
  ".": "00000cc",
  ",": "0000cc8",
  "-": "000v000",
  "+": "044v440",
  "(": "2488842",
  ")": "8422248",
  "=": "00v0v00",
};

/** Width of a text in pixels. */
export const textWidth = (text: string, scale = 1): number => scale * (text.length * advance - 1);

/** Height of a line in pixels. */
export const textHeight = (scale = 1): number => scale * height;

/** Writes a text into a raster from its top left corner on, in capitals; what there is no letter for is left blank. */
export function writeText(
  { width: across, height: down, channels, data }: Raster,
  text: string,
  {
    left,
    top,
    color,
    scale = 1,
  }: { readonly left: number; readonly top: number; readonly color: readonly number[]; readonly scale?: number },
): void {
  Array.from(text.toUpperCase()).forEach((letter, place) => {
    Array.from(glyphs[letter] ?? "").forEach((digit, row) => {
      const bits = Number.parseInt(digit, 32);
      for (let column = 0; column < width; column++) {
        if (((bits >> (width - 1 - column)) & 1) === 0) continue;
        for (let dy = 0; dy < scale; dy++)
          for (let dx = 0; dx < scale; dx++) {
            const x = left + scale * (place * advance + column) + dx;
            const y = top + scale * row + dy;
            if (x >= 0 && x < across && y >= 0 && y < down)
              data.set(color.slice(0, channels), (y * across + x) * channels);
          }
      }
    });
  });
}
