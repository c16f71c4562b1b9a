import { DataError } from "../../errors.ts";
import { createDataset, type Dataset } from "../dataset.ts";
import type { ArrayScaling } from "../options.ts";
import { arrayGaps } from "./array-gaps.ts";
import { arrayScaling, checkUnits, scaledValues, scalingText } from "./array-scaling.ts";
import { labelClasses } from "./class-labels.ts";
import type { ArrayPart, NamedArray } from "./named-array.ts";
import type { NumberArray } from "../formats/read-npy.ts";

/**
 * Datasets from numeric arrays, all scaled alike. [n] and [n, features] are vectors, [n, height, width] gray images; [n, height, width, c] with
 * c = 1 or 3 becomes [n, c, height, width], which is also accepted.
 *
 * Bytes from 0 to 255 become intensities v / 255. Values that all lie in [0, 1] are intensities already. Other images are scaled by their minimum
 * and maximum; other vectors are real numbers, standardized by column. With `known`, what a run was trained on, they are scaled as that was, and what is not
 * finite among standardized numbers is a gap. Labels of text become classes in alphabetical order. Throws `DataError`.
 */
export async function arrayDatasets<Part extends string>(
  name: string,
  parts: Readonly<Partial<Record<Part, ArrayPart>>>,
  known: { readonly scaling?: ArrayScaling; readonly classNames?: readonly string[] } = {},
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
  const arrays = entries.map(([, { examples }]) => examples);
  if (known.scaling) for (const each of arrays) checkUnits(each, known.scaling.range);
  const scaling = known.scaling ?? arrayScaling(arrays, first);
  const classes = labelClasses(
    entries.flatMap(([, { labels }]) => (labels ? [labels] : [])),
    known.classNames,
  );
  const datasets: Partial<Record<Part, Dataset>> = {};
  for (const [part, { examples, labels, fields }] of entries) {
    const [size] = examples.shape as [number];
    const gaps = known.scaling?.standardization ? arrayGaps(examples.values, known.scaling.standardization) : [];
    const values = scaledValues({ name: examples.name, values: channelsFirst(examples) }, scaling);
    for (const { column, rows } of gaps) for (const row of rows) values[row * first[0]! + Number(column)] = 0;
    datasets[part] = await createDataset({
      name,
      description: `${size} examples of [${first.join(", ")}] from ${examples.name}, ${scalingText(scaling)}`,
      shape: first,
      size,
      values,
      ...scaling,
      ...(gaps.length > 0 && { gaps }),
      ...(labels && classes.of(labels, size)),
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
function channelsFirst({ shape, values }: NumberArray): NumberArray["values"] {
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

const numbersFields = (fields: Readonly<Record<string, NamedArray>>): NonNullable<Dataset["fields"]> =>
  Object.fromEntries(
    Object.entries(fields).map(([field, { shape, values }]) => [
      field,
      { kind: "numbers", shape: shape.length === 1 ? [1] : shape.slice(1), values: Float32Array.from(values) },
    ]),
  );
