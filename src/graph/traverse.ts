import { apply, type Tensor } from "./tensor.ts";

/** Every node the roots depend on, inputs before readers. Iterative: graphs of deep models exceed the call stack. */
export function topologicalOrder(roots: readonly Tensor[]): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack: { node: Tensor; next: number }[] = [];
  for (const root of roots) {
    if (seen.has(root)) continue;
    seen.add(root);
    stack.push({ node: root, next: 0 });
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const input = top.node.inputs[top.next++];
      if (input === undefined) {
        order.push(top.node);
        stack.pop();
      } else if (!seen.has(input)) {
        seen.add(input);
        stack.push({ node: input, next: 0 });
      }
    }
  }
  return order;
}

/** How many nodes (and roots) read each node. */
export function countUses(roots: readonly Tensor[]): (t: Tensor) => number {
  const uses = new Map<Tensor, number>();
  const add = (t: Tensor): unknown => uses.set(t, (uses.get(t) ?? 0) + 1);
  roots.forEach(add);
  for (const t of topologicalOrder(roots)) t.inputs.forEach(add);
  return (t) => uses.get(t) ?? 0;
}

/** Rebuilds the roots bottom-up; `visit` receives each node with its rebuilt inputs and may return a replacement. */
export function rebuild(
  roots: readonly Tensor[],
  replaced: ReadonlyMap<Tensor, Tensor>,
  visit: (rebuilt: Tensor, original: Tensor) => Tensor = (rebuilt) => rebuilt,
): Tensor[] {
  const done = new Map(replaced);
  for (const t of topologicalOrder(roots)) {
    if (done.has(t)) continue;
    const inputs = t.inputs.map((x) => done.get(x)!);
    const same = inputs.every((x, i) => x === t.inputs[i]);
    done.set(t, visit(same ? t : apply(t.op, inputs, t.attrs), t));
  }
  return roots.map((t) => done.get(t)!);
}

/** The roots with some nodes replaced by others of the same type; everything that depends on them is rebuilt. */
export function substitute(roots: readonly Tensor[], replacements: ReadonlyMap<Tensor, Tensor>): Tensor[] {
  for (const [from, to] of replacements)
    if (from.dtype !== to.dtype || `${from.shape}` !== `${to.shape}`)
      throw new TypeError(`substitute: types differ, got ${to.dtype}[${to.shape}] for ${from.dtype}[${from.shape}]`);
  return rebuild(roots, replacements);
}
