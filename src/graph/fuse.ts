import type { Tensor } from "./tensor.ts";
import { countUses, rebuild } from "./traverse.ts";

/** Equal roots with faster fused nodes: each op's `fuse` rule, applied once, inputs first. */
export function fuse(roots: readonly Tensor[]): Tensor[] {
  const uses = countUses(roots);
  const rebuiltUses = new Map<Tensor, number>();
  return rebuild(roots, new Map(), (rebuilt, original) => {
    const fused = rebuilt.op.fuse?.(rebuilt.inputs, rebuilt.attrs, (t) => rebuiltUses.get(t) ?? 0) ?? rebuilt;
    rebuiltUses.set(fused, (rebuiltUses.get(fused) ?? 0) + uses(original));
    return fused;
  });
}
