/** The part of gifenc 1.0.3 that is used; the package has no type declarations. */
declare module "gifenc" {
  type Palette = (readonly [red: number, green: number, blue: number])[];
  interface Encoder {
    writeFrame(
      indices: Uint8Array,
      width: number,
      height: number,
      /** `repeat`: 0 is forever. `delay` in milliseconds, rounded to 1/100 s. `palette`: the first frame's is global. */
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
