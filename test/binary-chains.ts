import { createDataset } from "../src/data/dataset.ts";
import { createDataSource, type DataSource, split, whole } from "../src/data/split.ts";
import { stream } from "../src/random/index.ts";

/** The probability that a chain keeps its symbol. */
const KEPT = 0.9;

/** Binary chains that keep their symbol with probability 0.9, a tenth of them for test. */
export async function binaryChains(size: number, length: number): Promise<DataSource> {
  const random = stream(0, "chains");
  const values = new Float32Array(size * length);
  for (let i = 0; i < size; i++) {
    let symbol = Number(random.uniform() < 0.5);
    for (let k = 0; k < length; k++) {
      values[i * length + k] = symbol;
      if (random.uniform() >= KEPT) symbol = 1 - symbol;
    }
  }
  return sequences("chains", values, length);
}

/** Their entropy in nats. */
export const chainEntropy = (length: number): number =>
  Math.LN2 - (length - 1) * (KEPT * Math.log(KEPT) + (1 - KEPT) * Math.log(1 - KEPT));

/** p(x) of a chain. */
export const chainProbability = (x: ArrayLike<number>): number =>
  Array.from(x).reduce((p, symbol, i) => p * (i === 0 ? 0.5 : symbol === x[i - 1] ? KEPT : 1 - KEPT), 1);

/** The i-th of all binary sequences of a length: bit k at place k. */
export const binarySequence = (i: number, length: number): number[] => Array.from({ length }, (_, k) => (i >> k) & 1);

/** All of them, in every part of the data. */
export const everyBinarySequence = (length: number): Promise<DataSource> =>
  sequences(
    "all",
    Float32Array.from(Array.from({ length: 2 ** length }, (_, i) => binarySequence(i, length)).flat()),
    length,
  );

/** How often each of them is among samples [count, length]. */
export function frequencies(samples: Float32Array, length: number): Float64Array {
  const count = samples.length / length;
  const found = new Float64Array(2 ** length);
  for (let i = 0; i < count; i++) {
    let code = 0;
    for (let k = 0; k < length; k++) code += samples[i * length + k]! * 2 ** k;
    found[code]! += 1 / count;
  }
  return found;
}

/** sum |p - q| / 2. */
export const totalVariation = (p: ArrayLike<number>, q: ArrayLike<number>): number =>
  Array.from(p).reduce((sum, each, i) => sum + Math.abs(each - q[i]!), 0) / 2;

async function sequences(name: string, values: Float32Array, length: number): Promise<DataSource> {
  const description = "binary sequences";
  const size = values.length / length;
  const dataset = await createDataset({ name, description, shape: [length], size, values, symbols: 2, range: null });
  const parts =
    name === "all"
      ? { train: whole(dataset), validation: whole(dataset), test: whole(dataset) }
      : split(dataset, { test: 0.1 });
  return createDataSource({ name, description, ...parts });
}
