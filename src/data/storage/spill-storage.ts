/** Spill storage for data that does not fit in memory, such as a file; bytes that were never written have arbitrary values. */
export interface SpillStorage {
  write(bytes: Uint8Array, at: number): void;
  read(into: Uint8Array, at: number): void;
}

/** The bytes of an array, in native byte order. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer, byteOffset, byteLength);
