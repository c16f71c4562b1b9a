/**
 * Tensors that every engine can make for itself: an integer hash of the element's index, scaled into a range.
 *
 * @typedef {{ name: string, shape: number[], seed: number, low: number, high: number, dtype?: "int64" }} Uniform
 *   a tensor whose element i is low + (high - low) * hash(i, seed) / 2^32; rounded down where it is int64, float32 otherwise
 */

/** Batches prepared in memory and used in turn. */
export const RING = 8;

/**
 * The value of element `index` in [0, 1): murmur3's 32-bit finalizer over index + seed * 0x9e3779b9.
 * @param {number} index
 * @param {number} seed
 */
export function hashUniform(index, seed) {
  let hash = (index + Math.imul(seed, 0x9e3779b9)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35) >>> 0;
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * The whole tensor of a specification, flat.
 * @param {Uniform} spec
 */
export function fill({ shape, seed, low, high, dtype }) {
  const size = shape.reduce((product, length) => product * length, 1);
  const at = (/** @type {number} */ i) => low + (high - low) * hashUniform(i, seed);
  if (dtype === "int64") return BigInt64Array.from({ length: size }, (_, i) => BigInt(Math.floor(at(i))));
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = at(i);
  return values;
}

/**
 * The entries of a specification's leading axis, one array each.
 * @param {Uniform} spec
 */
export function batchesOf(spec) {
  const values = fill(spec);
  const [count] = spec.shape;
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => values.slice(i * size, (i + 1) * size));
}

/**
 * Initial values by rule, for networks of too many parameters to list: variance 1 / fanIn for matrices and kernels [out, ...in], near 0 for vectors
 * and near 1 for the gains of normalization.
 * @param {number} index place among the network's parameters, in the order of its layers
 * @param {number[]} shape
 * @param {{ gain: boolean }} is
 * @returns {Uniform}
 */
export function initial(index, shape, { gain }) {
  const [middle, reach] =
    shape.length > 1 ? [0, Math.sqrt(3 / shape.slice(1).reduce((a, b) => a * b, 1))] : [gain ? 1 : 0, 0.05];
  return { name: `${index}`, shape, seed: 1000 + index, low: middle - reach, high: middle + reach };
}
