/** Values of an array of `dims` stored with the first index fastest, in row-major order of the axes `order`. */
export function rowMajor<Values extends Uint8Array | Float32Array | Float64Array>(
  values: Values,
  dims: readonly number[],
  order: readonly number[],
): Values {
  const strides = dims.map((_, axis) => dims.slice(0, axis).reduce((product, extent) => product * extent, 1));
  const out = values.slice() as Values;
  const index = order.map(() => 0);
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    out[to] = values[from]!;
    for (let i = order.length - 1; i >= 0; i--) {
      const axis = order[i]!;
      from += strides[axis]!;
      if (++index[i]! < dims[axis]!) break;
      from -= dims[axis]! * strides[axis]!;
      index[i] = 0;
    }
  }
  return out;
}
