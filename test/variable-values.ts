import type { Tensor, Variable } from "../src/graph/tensor.ts";
import { type Value, value } from "../src/graph/value.ts";
import { variables } from "../src/nn/module.ts";
import { initialValue } from "../src/nn/initial-value.ts";

/** sin(1.7 i + phase): numbers that Python reproduces without a file. */
export const sines = (t: { readonly shape: readonly number[]; readonly size: number }, phase: number): Value =>
  value(
    "float32",
    t.shape,
    Float64Array.from({ length: t.size }, (_, i) => Math.sin(1.7 * i + phase)),
  );

/** The initial values of all variables of a module. */
export const initialValues = (module: object, seed = 0): Map<Tensor, Value> =>
  new Map(
    [...variables(module)].map(([name, v]: [string, Variable]) => [
      v,
      value("float32", v.shape, initialValue(v.initializer, v.shape, seed, name)),
    ]),
  );
