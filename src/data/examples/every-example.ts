import { type Dataset, exampleSize, type Field, classIndices } from "../dataset.ts";
import { FIXED_BINARIZATION } from "../binarize.ts";
import { fingerprint } from "../fingerprint.ts";
import { type DataSource, type Split, whole } from "../split.ts";
import { ExampleReader } from "../storage/example-reader.ts";

/**
 * Every example of a source's splits in the order of its file; where the splits are of several files, those of the training file first, then of
 * validation and test.
 *
 * @example
 * const { dataset, indices } = await everyExample(await digitsSource({ size: 100 }));
 * indices.length; // 120
 */
export async function everyExample({ train, validation, test }: DataSource): Promise<Split> {
  const members = new Map<Dataset, Uint32Array[]>();
  for (const { dataset, indices } of [train, validation, test])
    if (indices.length > 0) members.set(dataset, [...(members.get(dataset) ?? []), indices]);
  const parts = [...members].map(([dataset, of]): Split => ({ dataset, indices: ascending(of) }));
  const [only] = parts;
  return parts.length === 1 && only ? only : whole(await joined(parts));
}

function ascending(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.toSorted();
}

/** The examples of several datasets of one form as one dataset; nothing is copied but labels and fields. */
export async function joined(parts: readonly Split[]): Promise<Dataset> {
  const [first] = parts as readonly [Split, ...Split[]];
  const readers = parts.map(({ dataset }) => new ExampleReader(dataset, "none"));
  const starts: number[] = [];
  let size = 0;
  for (const { indices } of parts) {
    starts.push(size);
    size += indices.length;
  }
  const placeOf = (example: number): readonly [part: number, index: number] => {
    const part = starts.findLastIndex((start) => start <= example);
    return [part, parts[part]!.indices[example - starts[part]!]!];
  };
  const content = await fingerprint(...parts.flatMap(({ dataset, indices }) => [dataset.fingerprint, indices]));
  const { labels: _, fields: __, names: ___, factors: ____, gaps: _____, ...form } = first.dataset;
  const { classNames } = first.dataset;
  const labeled = classNames && parts.every(({ dataset }) => dataset.labels);
  const called = parts.every(({ dataset }) => dataset.names);
  return {
    ...form,
    size,
    values: {
      content,
      readFloats(example, into) {
        const [part, index] = placeOf(example);
        readers[part]!.read(into, Uint32Array.of(index), FIXED_BINARIZATION);
      },
    },
    ...(labeled && {
      labels: classIndices(classNames.length, size).map((_, example) => {
        const [part, index] = placeOf(example);
        return parts[part]!.dataset.labels![index]!;
      }),
    }),
    ...(called && {
      names: parts.flatMap(({ dataset, indices }) => Array.from(indices, (index) => dataset.names![index]!)),
    }),
    fields: joinedFields(parts),
    fingerprint: content,
  };
}

/** The fields that every part has. */
function joinedFields(parts: readonly Split[]): Readonly<Record<string, Field>> {
  const names = Object.keys(parts[0]?.dataset.fields ?? {}).filter((name) =>
    parts.every(({ dataset }) => dataset.fields?.[name]),
  );
  return Object.fromEntries(
    names.map((name) => {
      const fields = parts.map(({ dataset, indices }) => ({ field: dataset.fields![name]!, indices }));
      const { field } = fields[0]!;
      const each = field.kind === "class" ? 1 : exampleSize(field);
      const values = fields.flatMap(({ field: of, indices }) =>
        Array.from(indices, (index) => Array.from(of.values.subarray(index * each, (index + 1) * each))).flat(),
      );
      return [
        name,
        field.kind === "class"
          ? { ...field, values: Uint16Array.from(values) }
          : { ...field, values: Float32Array.from(values) },
      ];
    }),
  );
}
