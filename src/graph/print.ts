import { Constant, Input, Noise, type Tensor, Variable } from "./tensor.ts";
import { topologicalOrder } from "./traverse.ts";

/**
 * The graph as text, one node per line, for snapshot tests and debugging. `names` labels leaves and roots.
 *
 * @example
 * const x = new Input("x", [2]);
 * console.log(print([exp(x).sum()]));
 */
export function print(roots: readonly Tensor[], names: ReadonlyMap<Tensor, string> = new Map()): string {
  const label = new Map<Tensor, string>();
  const lines: string[] = [];
  for (const t of topologicalOrder(roots)) {
    if (t instanceof Constant && t.size === 1 && !names.has(t)) {
      label.set(t, String(t.value.data[0]));
      continue;
    }
    const name = names.get(t) ?? (t instanceof Input ? t.name : `%${lines.length}`);
    label.set(t, name);
    const attrs = Object.entries(t.attrs)
      .filter(([, v]) => v !== undefined)
      .map(([k, v]) => `${k}=${JSON.stringify(v)}`);
    const leaf = t instanceof Input || t instanceof Variable || t instanceof Noise || t instanceof Constant;
    const call = leaf
      ? t.op.name.toLowerCase()
      : `${t.op.name}(${[...t.inputs.map((x) => label.get(x)!), ...attrs].join(", ")})`;
    lines.push(`${name}: ${t.dtype}[${t.shape}] = ${call}`);
  }
  lines.push(`return ${roots.map((t) => label.get(t)).join(", ")}`);
  return lines.join("\n");
}
