/** Room outside of memory, such as a file: bytes put at a place are read from there again, and any where none were put. */
export interface Scratch {
  write(bytes: Uint8Array, at: number): void;
  read(into: Uint8Array, at: number): void;
}

/** The bytes of an array, in the machine's order. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(buffer, byteOffset, byteLength);
