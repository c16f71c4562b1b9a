/** What of gifenc 1.0.3 is used; the package brings no declarations of its own. */
declare module "gifenc" {
  type Palette = (readonly [red: number, green: number, blue: number])[];
  interface Encoder {
    writeFrame(
      indices: Uint8Array,
      width: number,
      height: number,
      /** `repeat`: 0 for ever. `delay` in milliseconds, kept to a hundredth of a second. `palette`: the first frame's is the file's. */
      options: { readonly palette?: Palette; readonly delay?: number; readonly repeat?: number },
    ): void;
    finish(): void;
    bytes(): Uint8Array<ArrayBuffer>;
  }
  interface Gifenc {
    GIFEncoder(): Encoder;
    quantize(rgba: Uint8Array, colors: number): Palette;
    applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array;
  }
  const gifenc: Gifenc;
  export default gifenc;
}
