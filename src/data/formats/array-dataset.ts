import { DataError } from "../../errors.ts";
import { type ClassIndices, classIndices, createDataset, type Dataset, mostClasses } from "../dataset.ts";
import type { NpyArray } from "./read-npy.ts";
import { finiteRange } from "../value-range.ts";

/** An array and its name in error messages. */
export interface NamedArray extends NpyArray {
  readonly name: string;
}

export interface ArrayPart {
  readonly examples: NamedArray;
  readonly labels?: NamedArray;
  /** What else is known of each example, by name: numbers, [n, ...]. */
  readonly fields?: Readonly<Record<string, NamedArray>>;
}

/**
 * Datasets from numeric arrays, all scaled alike. [n] and [n, features] are vectors, [n, height, width] gray images; [n, height, width, c] with
 * c = 1 or 3 becomes [n, c, height, width], which is also accepted.
 *
 * Bytes from 0 to 255 become intensities v / 255. Values that all lie in [0, 1] are intensities already. Other images are scaled by their minimum
 * and maximum; other vectors stay real numbers. Throws `DataError`.
 */
export async function arrayDatasets<Part extends string>(
  name: string,
  parts: Readonly<Partial<Record<Part, ArrayPart>>>,
): Promise<Partial<Record<Part, Dataset>>> {
  const entries = Object.entries<ArrayPart | undefined>(parts).filter(
    (entry): entry is [Part, ArrayPart] => !!entry[1],
  );
  const shapes = entries.map(([, { examples }]) => exampleShape(examples));
  const [first = []] = shapes;
  const differing = shapes.findIndex((shape) => shape.join() !== first.join());
  if (differing > 0)
    throw new DataError(
      `${entries[differing]![1].examples.name}: examples differ in shape, got [${shapes[differing]!.join(", ")}], expected [${first.join(", ")}] as in ${entries[0]![1].examples.name}`,
    );
  const range = commonRange(
    entries.map(([, { examples }]) => examples),
    first.length > 1,
  );
  const datasets: Partial<Record<Part, Dataset>> = {};
  for (const [part, { examples, labels, fields }] of entries) {
    const [size] = examples.shape as [number];
    datasets[part] = await createDataset({
      name,
      description: `${size} examples of [${first.join(", ")}] from ${examples.name}`,
      shape: first,
      size,
      values: channelsFirst(examples),
      range,
      ...(labels && { labels: labelIndices(labels, size) }),
      ...(fields && { fields: numbersFields(fields) }),
    });
  }
  return datasets;
}

const isColor = (channels: number | undefined): boolean => channels === 1 || channels === 3;

function exampleShape({ name, shape }: NamedArray): readonly number[] {
  const [, a, b, c] = shape;
  if (shape.length === 1) return [1];
  if (shape.length === 2) return [a!];
  if (shape.length === 3) return [1, a!, b!];
  if (shape.length === 4 && isColor(c)) return [c!, a!, b!];
  if (shape.length === 4 && isColor(a)) return [a!, b!, c!];
  throw new DataError(
    `${name}: neither images nor lists of numbers, got shape (${shape.join(", ")}), expected (n, features), (n, height, width) or (n, height, width, 1 or 3)`,
  );
}

/** Values with channels first. */
function channelsFirst({ shape, values }: NpyArray): Uint8Array | Float32Array {
  const [size, height, width, channels] = shape;
  if (shape.length !== 4 || channels !== 3) return values;
  const pixels = height! * width!;
  const image = values.slice(0, 3 * pixels);
  for (let i = 0; i < size!; i++) {
    const stored = values.subarray(i * 3 * pixels, (i + 1) * 3 * pixels);
    for (let channel = 0; channel < 3; channel++)
      for (let at = 0; at < pixels; at++) image[channel * pixels + at] = stored[3 * at + channel]!;
    stored.set(image);
  }
  return values;
}

function commonRange(arrays: readonly NamedArray[], images: boolean): Dataset["range"] {
  const ranges = arrays.map(({ name, values }) => finiteRange(name, values));
  const low = Math.min(...ranges.map((range) => range[0]));
  const high = Math.max(...ranges.map((range) => range[1]));
  if (low === high)
    throw new DataError(`${arrays[0]!.name}: all values are equal, got ${low}, expected values that differ`);
  if (low >= 0 && high <= 1) return [0, 1];
  if (arrays.every(({ values }) => values instanceof Uint8Array)) return [0, 255];
  return images ? [low, high] : null;
}

/** Class indices from an array [n] or [n, 1] of integers from 0. */
function labelIndices({ name, shape, values }: NamedArray, size: number): ClassIndices {
  if (shape.length > 2 || (shape.length === 2 && shape[1] !== 1))
    throw new DataError(
      `${name}: labels are not one number each, got shape (${shape.join(", ")}), expected (${size},)`,
    );
  if (values.length !== size)
    throw new DataError(`${name}: labels and examples differ in number, got ${values.length}, expected ${size}`);
  const wrong = values.find((value) => !(Number.isInteger(value) && value >= 0 && value < mostClasses));
  if (wrong !== undefined)
    throw new DataError(
      `${name}: a label is not a class, got ${wrong}, expected whole numbers from 0 to ${mostClasses - 1}`,
    );
  let most = 0;
  for (const value of values) most = Math.max(most, value);
  const indices = classIndices(most + 1, size);
  indices.set(values);
  return indices;
}

const numbersFields = (fields: Readonly<Record<string, NamedArray>>): NonNullable<Dataset["fields"]> =>
  Object.fromEntries(
    Object.entries(fields).map(([field, { shape, values }]) => [
      field,
      { kind: "numbers", shape: shape.length === 1 ? [1] : shape.slice(1), values: Float32Array.from(values) },
    ]),
  );
