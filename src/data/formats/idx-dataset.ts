import { DataError } from "../../errors.ts";
import { createDataset, type Dataset } from "../dataset.ts";
import type { ArrayScaling } from "../options.ts";
import type { ByteFile } from "./byte-file.ts";
import { readIdx, type IdxArray, type ReadIdxOptions } from "./idx.ts";
import { checkFloat32, finiteRange } from "../arrays/value-range.ts";

export interface IdxDatasetFiles {
  readonly name: string;
  readonly images: ByteFile;
  readonly labels?: ByteFile;
}

/**
 * Reads IDX images and optional labels into a dataset. [n, height, width] becomes n examples of [1, height, width]; [n, channels, height, width]
 * and [n, features] keep their shape. Bytes have the range [0, 255]; other types become float32 with their minimum and maximum as range, unless
 * that of data read before is given. Throws `DataError`.
 */
export async function readIdxDataset(
  { name, images, labels }: IdxDatasetFiles,
  { scaling, ...options }: ReadIdxOptions & { readonly scaling?: ArrayScaling } = {},
): Promise<Dataset<Uint8Array | Float32Array>> {
  const { shape, values } = await readIdx(images, options);
  const [size, ...example] = shape as [number, ...number[]];
  if (example.length === 0)
    throw new DataError(
      `${images.name}: looks like a labels file, got ${shape.length} dimension, expected images (2 to 4 dimensions)`,
    );
  const classes = labels && readLabels(labels.name, await readIdx(labels, options));
  if (classes && classes.length !== size)
    throw new DataError(
      `${labels.name}: labels and images differ in number, got ${classes.length} labels, expected ${size} as in ${images.name}`,
    );
  const channels = example.length === 2 ? [1, ...example] : example;
  const labeled = classes && {
    labels: classes,
    classNames: Array.from({ length: largest(classes) + 1 }, (_, label) => String(label)),
  };
  return createDataset({
    name,
    description: `${size} examples of [${channels.join(", ")}] from ${images.name}`,
    shape: channels,
    size,
    ...stored(images.name, values, scaling),
    ...labeled,
  });
}

function stored(
  name: string,
  values: IdxArray["values"],
  scaling: ArrayScaling | undefined,
): Pick<Dataset<Uint8Array | Float32Array>, "values" | "range"> {
  if (values instanceof Uint8Array) return { values, range: scaling?.range ?? [0, 255] };
  const found = finiteRange(name, values);
  checkFloat32(name, found);
  const [low, high] = scaling?.range ?? found;
  if (low === high) throw new DataError(`${name}: all values are equal, got ${low}, expected values that differ`);
  return { values: values instanceof Float32Array ? values : Float32Array.from(values), range: [low, high] };
}

function readLabels(name: string, { shape, values }: IdxArray): Uint8Array {
  if (shape.length !== 1)
    throw new DataError(`${name}: looks like an images file, got ${shape.length} dimensions, expected labels (1)`);
  if (!(values instanceof Uint8Array))
    throw new DataError(`${name}: labels are not bytes, got ${values.constructor.name}, expected type code 08`);
  return values;
}

function largest(values: Uint8Array): number {
  return values.reduce((max, value) => Math.max(max, value), 0);
}
