import { type Shape, sizeOf } from "../graph/shape.ts";
import type { Initializer } from "../graph/tensor.ts";
import { fillNormal, fillUniform, streamKey } from "../random/index.ts";

/**
 * The initial value of a variable, sampled from a stream keyed by (seed, name): adding a layer does not change the other
 * layers' values.
 */
export function initialValue(initializer: Initializer, shape: Shape, seed: number, name: string): Float32Array {
  const out = new Float32Array(sizeOf(shape));
  const key = streamKey(seed, "initial", name);
  switch (initializer.kind) {
    case "constant":
      return out.fill(initializer.value);
    case "normal": {
      const { mean, std } = initializer;
      fillNormal(out, key);
      return out.map((v) => mean + std * v);
    }
    case "uniform": {
      const { low, high } = initializer;
      fillUniform(out, key);
      return out.map((u) => low + (high - low) * u);
    }
    case "orthogonal": {
      fillNormal(out, key);
      const rows = shape[0] ?? 1;
      return orthogonalized(out, rows, out.length / rows).map((v) => initializer.gain * v);
    }
  }
}

/**
 * The Q of the QR factorization of a [rows, columns] Gaussian matrix (of its transpose where it is wide), by modified
 * Gram-Schmidt in float64. R's diagonal comes out positive, which makes Q uniform over orthogonal matrices (Mezzadri,
 * "How to generate random matrices from the classical compact groups", 2007).
 */
function orthogonalized(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const tall = rows >= columns;
  const at = (vector: number, i: number): number => (tall ? i * columns + vector : vector * columns + i);
  const vectors = Array.from({ length: count }, (_, v) => Float64Array.from({ length }, (_, i) => matrix[at(v, i)]!));
  vectors.forEach((q, v) => {
    const norm = Math.sqrt(dot(q, q));
    q.forEach((x, i) => (q[i] = x / norm));
    for (const other of vectors.slice(v + 1)) {
      const projection = dot(q, other);
      for (let i = 0; i < length; i++) other[i]! -= projection * q[i]!;
    }
  });
  const out = new Float32Array(matrix.length);
  vectors.forEach((q, v) => q.forEach((x, i) => (out[at(v, i)] = x)));
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}
