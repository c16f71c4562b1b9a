/** A row for each example: one of each of the first, and `count` variations. */
export function variationRows(
  first: readonly Float32Array[],
  variations: Float32Array,
  { size, count }: { readonly size: number; readonly count: number },
): Float32Array {
  const rows = variations.length / (size * count);
  const perRow = first.length + count;
  const out = new Float32Array(rows * perRow * size);
  for (let row = 0; row < rows; row++) {
    const at = row * perRow;
    first.forEach((values, i) => out.set(values.subarray(row * size, (row + 1) * size), (at + i) * size));
    out.set(variations.subarray(row * count * size, (row + 1) * count * size), (at + first.length) * size);
  }
  return out;
}
