import { Constant, Input, Noise, type Tensor, Variable } from "./tensor.ts";
import { topologicalOrder } from "./traverse.ts";
import type { Value } from "./value.ts";

/**
 * Evaluates the roots by plain float64 loops: slow but exact, the reference that every device is tested against.
 *
 * @example
 * const x = constant([1, 2, 3], [3]);
 * evaluate([x.mul(2), x.sum()]).map(({ data }) => data); // [[2, 4, 6], [6]]
 */
export function evaluate(roots: readonly Tensor[], leaves: ReadonlyMap<Tensor, Value> = new Map()): Value[] {
  const values = new Map<Tensor, Value>(leaves);
  for (const t of topologicalOrder(roots)) {
    if (values.has(t)) continue;
    if (t instanceof Constant) values.set(t, t.value);
    else if (t instanceof Input || t instanceof Variable || t instanceof Noise)
      throw new Error(`evaluate: no value given for ${t.op.name} of shape [${t.shape}]`);
    else
      values.set(
        t,
        t.op.evaluate(
          t.inputs.map((x) => values.get(x)!),
          t.attrs,
          t,
        ),
      );
  }
  return roots.map((t) => values.get(t)!);
}
