import { constant, evaluate, type Shape, sizeOf, type Tensor } from "../src/graph/index.ts";

/** The numbers of a tensor without leaves, by the float64 reference. */
export const numbersOf = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data);

/** A float64 tensor of small whole numbers: (i * step + start) mod period - shift, in order. */
export const sequence = (shape: Shape, [period, step, start, shift]: readonly number[] = [7, 3, 1, 3]): Tensor =>
  constant(
    Array.from({ length: sizeOf(shape) }, (_, i) => ((i * step! + start!) % period!) - shift!),
    shape,
    "float64",
  );

export const float64 = (data: readonly number[], shape: Shape = [data.length]): Tensor =>
  constant(data, shape, "float64");
