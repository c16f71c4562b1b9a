import { apply, type Tensor } from "../graph/tensor.ts";
import { countUses, rebuild } from "../graph/traverse.ts";
import { biased, convolved, convolvedTransposed, weightGradient } from "./blocked-conv.ts";
import { blocked, blocksOf, unblocked } from "./blocked-view.ts";
import { reshape } from "./movement.ts";

// Convolutions are rewritten one by one, and the reordering around them is moved outwards past ops that work on blocks as well, until it cancels.

/** Axes of the blocked tensor that each ordinary axis of [n, c, h, w] corresponds to. */
const axesInBlocks = [[0], [1, 4], [2], [3]] as const;
const channels = 1;

/** Equal roots with large convolutions in blocks of `block` channels. */
export function withBlocks(roots: readonly Tensor[], block: number): Tensor[] {
  const uses = countUses(roots);
  const single = new Set<Tensor>();
  return rebuild(roots, new Map(), (t, original) => {
    const y = rewrite(t, block, (conv) => single.has(conv)) ?? t;
    if (uses(original) === 1) single.add(y);
    return y;
  });
}

function rewrite(t: Tensor, block: number, readOnce: (t: Tensor) => boolean): Tensor | null {
  switch (t.op.name) {
    case "Conv":
      return convolved(t, block);
    case "ConvTranspose":
      return convolvedTransposed(t, block);
    case "ConvWeightGradient":
      return weightGradient(t, block);
    case "Add":
      return (
        biased(t.inputs[0]!, t.inputs[1]!, readOnce) ??
        biased(t.inputs[1]!, t.inputs[0]!, readOnce) ??
        outwards(t, block)
      );
    case "Concat":
      return joined(t, block);
    case "Slice":
      if ((t.attrs["steps"] as readonly number[])[channels] !== 1) return null;
      return cut(t, block, { starts: 0, sizes: block });
    case "Pad":
      return cut(t, block, { before: 0, after: 0 });
    default:
      return t.op.name.startsWith("Reduce") ? reduced(t) : outwards(t, block);
  }
}

/** f of ordinary views of blocks as the view of f of the blocks, for an elementwise f. */
function outwards(t: Tensor, block: number): Tensor | null {
  if (!t.op.elementwise || t.rank !== 4 || t.shape[channels]! % block !== 0) return null;
  if (!t.inputs.some((x) => blocksOf(x) !== null)) return null;
  return unblocked(
    apply(
      t.op,
      t.inputs.map((x) => operand(x, block)),
      t.attrs,
    ),
  );
}

/** An operand of an elementwise op on blocks, broadcast or not. */
function operand(x: Tensor, block: number): Tensor {
  const inner = blocksOf(x);
  if (inner || x.rank === 0) return inner ?? x;
  const [n, c, h, w] = [...Array.from({ length: 4 - x.rank }, () => 1), ...x.shape] as [number, number, number, number];
  if (c === 1) return reshape(x, [n, 1, h, w, 1]);
  if (h * w === 1) return reshape(x, [n, c / block, 1, 1, block]);
  return blocked(reshape(x, [n, c, h, w]), block);
}

/** A reduction of an ordinary view, over the corresponding axes of the blocks. */
function reduced(t: Tensor): Tensor | null {
  const inner = blocksOf(t.inputs[0]!);
  if (!inner) return null;
  const { axes, keepDims } = t.attrs as { axes: readonly number[]; keepDims: boolean };
  const there = axes.flatMap((a) => axesInBlocks[a]!).toSorted((a, b) => a - b);
  const whole = axes.includes(channels) || (axes.includes(2) && axes.includes(3));
  if (whole) return reshape(apply(t.op, [inner], { axes: there, keepDims }), t.shape);
  return reshape(unblocked(apply(t.op, [inner], { axes: there, keepDims: true })), t.shape);
}

/** A concatenation of ordinary views as the view of one of blocks. */
function joined(t: Tensor, block: number): Tensor | null {
  const axis = t.attrs["axis"] as number;
  const fits = t.rank === 4 && t.inputs.every((x) => x.shape[channels]! % block === 0);
  if (!fits || !t.inputs.some((x) => blocksOf(x) !== null)) return null;
  return unblocked(
    apply(
      t.op,
      t.inputs.map((x) => blocked(x, block)),
      { axis },
    ),
  );
}

/** Whole blocks of channels, or pixels, of an ordinary view; or zeros around them. */
function cut(t: Tensor, block: number, attributes: Readonly<Record<string, number>>): Tensor | null {
  const inner = blocksOf(t.inputs[0]!);
  // Each attribute has a number per axis: counts of channels become counts of blocks, and the axis within a block stays whole.
  const perAxis = Object.entries(attributes).map(([name, within]) => ({
    name,
    within,
    of: t.attrs[name] as readonly number[],
  }));
  if (!inner || perAxis.some(({ of }) => of[channels]! % block !== 0)) return null;
  const attrs = perAxis.map(({ name, within, of }) => [name, [...of.with(channels, of[channels]! / block), within]]);
  const steps = t.attrs["steps"] as readonly number[] | undefined;
  return unblocked(
    apply(t.op, [inner], { ...t.attrs, ...(steps && { steps: [...steps, 1] }), ...Object.fromEntries(attrs) }),
  );
}
