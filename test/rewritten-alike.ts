import { expect } from "vitest";
import { evaluate, grad, type Tensor, type Value, value } from "../src/graph/index.ts";
import { square, sum } from "../src/ops/index.ts";

/** Values and gradients in `leaves` are the same before and after a rewrite. Returns the rewritten graphs. */
export function expectAlike(
  y: Tensor,
  leaves: readonly Tensor[],
  rewrite: (roots: readonly Tensor[]) => readonly Tensor[],
): readonly Tensor[] {
  const roots = [y, ...grad(sum(square(y)), leaves)];
  const rewritten = rewrite(roots);
  const at = new Map<Tensor, Value>(
    leaves.map((t, k) => [
      t,
      value(
        t.dtype,
        t.shape,
        Float64Array.from({ length: t.size }, (_, i) => Math.sin(1.3 * i + k)),
      ),
    ]),
  );
  const [before, after] = [evaluate(roots, at), evaluate(rewritten, at)];
  before.forEach((v, i) => {
    expect(after[i]!.shape).toEqual(v.shape);
    const largest = Math.max(...v.data.map(Math.abs));
    v.data.forEach((n, k) => expect(Math.abs(after[i]!.data[k]! - n)).toBeLessThan(1e-12 * (1 + largest)));
  });
  return rewritten;
}
