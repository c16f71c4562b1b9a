import { DataError } from "../../errors.ts";
import { type KeyedArray, keyedParts, type KeyedParts } from "../arrays/array-keys.ts";
import type { ByteFile } from "./byte-file.ts";
import { matVariables, type MatVariable } from "./mat-elements.ts";
import { rowMajor } from "./row-major.ts";

/**
 * Reads the arrays of a MATLAB file of version 5 (`save -v7` or `-v6`, scipy's savemat) by the words of their names, as `readNpz` does. MATLAB
 * often keeps examples along the last axis, [height, width, channels, n]: so they are read where that fits the number of labels and the first
 * axis does not. Throws `DataError`.
 */
export async function readMat(file: ByteFile): Promise<KeyedParts> {
  const variables = await matVariables(file);
  const counts = new Set(variables.flatMap(({ dims, text }) => vectorLength(dims, text)));
  const arrays = variables.map((variable): KeyedArray => {
    const name = `${file.name}/${variable.key}`;
    const { dims, values, text } = variable;
    const numbers = async () => {
      if (!values)
        throw new DataError(
          `${name}: not an array of numbers, got ${variable.kind}, expected numbers; save it as a full matrix`,
        );
      return examplesFirst(dims, values, counts);
    };
    return {
      key: variable.key,
      name,
      shape: async () => values && (await numbers()).shape,
      numbers,
      labels: async () => {
        if (text) return { shape: [text.length], values: text };
        const found = await numbers();
        return found.shape.filter((extent) => extent !== 1).length <= 1
          ? { ...found, shape: [found.values.length] }
          : found;
      },
    };
  });
  return keyedParts(file.name, arrays);
}

const vectorLength = (dims: readonly number[], text: MatVariable["text"]): readonly number[] => {
  if (text) return [text.length];
  const long = dims.filter((extent) => extent !== 1);
  return long.length === 1 ? long : [];
};

const isColor = (extent: number | undefined): boolean => extent === 1 || extent === 3;

function examplesFirst(
  dims: readonly number[],
  values: NonNullable<MatVariable["values"]>,
  counts: ReadonlySet<number>,
): Pick<Awaited<ReturnType<KeyedArray["numbers"]>>, "shape" | "values"> {
  const last = dims.at(-1)!;
  const isVector = dims.filter((extent) => extent !== 1).length <= 1;
  const lastIsCount = !isVector && counts.has(last) && !counts.has(dims[0]!);
  const images = dims.length === 4 && isColor(dims[2]) && !isColor(last);
  const axes = [...dims.keys()];
  const order = lastIsCount || images ? [axes.at(-1)!, ...axes.slice(0, -1)] : axes;
  return { shape: order.map((axis) => dims[axis]!), values: rowMajor(values, dims, order) };
}
