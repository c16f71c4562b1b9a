/** The bytes of a NumPy array file (version 1.0) of float32 values, row-major. */
export const encodeNpy = (
  shape: readonly number[],
  values: Float32Array,
): readonly [header: Uint8Array, data: Uint8Array] => [npyHeader(shape), npyBytes(values)];

/** The bytes of values, which follow a header. */
export const npyBytes = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** The bytes before the values. */
export function npyHeader(shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const head = `{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`;
  // Magic, version and header length take 10 bytes; the header is padded with spaces and a newline to a multiple of 64 in all.
  const length = Math.ceil((10 + head.length + 1) / 64) * 64 - 10;
  const text = new TextEncoder().encode(`${head.padEnd(length - 1)}\n`);
  const magic = [0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, length & 255, length >> 8];
  return Uint8Array.from([...magic, ...text]);
}
