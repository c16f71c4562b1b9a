import { DataError } from "../../errors.ts";
import { classIndices, type Dataset, mostClasses } from "../dataset.ts";
import type { NamedArray, NamedLabels } from "./named-array.ts";

/** The classes that arrays of labels name, alike for all of them. */
export interface LabelClasses {
  /** The class of each of `size` examples. Throws DataError where labels are none. */
  of(labels: NamedLabels, size: number): Pick<Dataset, "labels" | "classNames">;
}

/** Classes of labels [n] or [n, 1]: whole numbers from 0, or text, whose classes are `known` or else all there are in alphabetical order. */
export function labelClasses(all: readonly NamedLabels[], known?: readonly string[]): LabelClasses {
  const texts = all.filter(isText);
  const classNames = known ?? [...new Set(texts.flatMap(({ values }) => values))].toSorted((a, b) => (a < b ? -1 : 1));
  return {
    of(labels, size) {
      checkShape(labels, size);
      if (!isText(labels)) return numbered(labels, size, texts.length > 0 ? undefined : known);
      if (classNames.length > mostClasses)
        throw new DataError(
          `${labels.name}: too many classes, got ${classNames.length} different texts, expected at most ${mostClasses}`,
        );
      const index = new Map(classNames.map((name, i) => [name, i]));
      const indices = classIndices(classNames.length, size);
      labels.values.forEach((text, i) => {
        const found = index.get(text);
        if (found === undefined)
          throw new DataError(
            `${labels.name}: a label is no class known before, got ${JSON.stringify(text)} for example ${i}, expected one of ${classNames.slice(0, 20).join(", ")}`,
          );
        indices[i] = found;
      });
      return { labels: indices, classNames };
    },
  };
}

const isText = (labels: NamedLabels): labels is Exclude<NamedLabels, NamedArray> => Array.isArray(labels.values);

function checkShape({ name, shape, values }: NamedLabels, size: number): void {
  if (shape.length > 2 || (shape.length === 2 && shape[1] !== 1))
    throw new DataError(`${name}: labels are not one each, got shape (${shape.join(", ")}), expected (${size},)`);
  if (values.length !== size)
    throw new DataError(`${name}: labels and examples differ in number, got ${values.length}, expected ${size}`);
}

/** Class indices from whole numbers from 0; `known` names them where a run has named its own. */
function numbered(
  { name, values }: NamedArray,
  size: number,
  known: readonly string[] | undefined,
): Pick<Dataset, "labels" | "classNames"> {
  const wrong = values.find((value) => !(Number.isInteger(value) && value >= 0 && value < mostClasses));
  if (wrong !== undefined)
    throw new DataError(
      `${name}: a label is not a class, got ${wrong}, expected whole numbers from 0 to ${mostClasses - 1}`,
    );
  let most = 0;
  for (const value of values) most = Math.max(most, value);
  const labels = classIndices(most + 1, size);
  labels.set(values);
  return { labels, ...(known && most < known.length && { classNames: known }) };
}
