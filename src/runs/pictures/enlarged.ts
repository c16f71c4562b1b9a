/** Images [count, channels, h, w] of a shape `from` at a multiple of their size, each pixel as a block of equal ones. */
export function enlarged(values: Float32Array, from: readonly number[], to: readonly number[]): Float32Array {
  const [, height, width] = from as readonly [number, number, number];
  const [, rows, columns] = to as readonly [number, number, number];
  const [down, across] = [rows / height, columns / width];
  const planes = values.length / (height * width);
  return Float32Array.from({ length: planes * rows * columns }, (_, at) => {
    const [plane, row, column] = [Math.floor(at / (rows * columns)), Math.floor(at / columns) % rows, at % columns];
    return values[(plane * height + Math.floor(row / down)) * width + Math.floor(column / across)]!;
  });
}
