import type { Attributes, LoweringTarget } from "../graph/op.ts";
import { apply, type Tensor, Variable } from "../graph/tensor.ts";
import { countUses, rebuild, topologicalOrder } from "../graph/traverse.ts";
import { biased, type ConvAttrs, convolved, convolvedTransposed, weightGradient } from "./batch-last-conv.ts";
import { batchLast, rotation, smallestBatch, toFirst, toLast } from "./batch-last-view.ts";
import { matmul } from "./linalg.ts";
import { broadcastTo, reshape, transpose } from "./movement.ts";

// On the CPU networks run with the batch as the last axis: convolutions for the reason given in batch-last-conv.ts; linear layers, in training,
// because weights [out, in] and activations [features, n] meet in products that read their factors along rows, and the gradient of a bias becomes
// a row sum (the 784-400-20 VAE's graph: 1.79 -> 1.55 ms at batch 128, 6.4 -> 5.8 at 512). Layers are rewritten one by one, and the transposes
// around them are moved outwards past ops that do not depend on the order of axes, until they cancel.

/** Whether the target runs ONNX Runtime's own CPU kernels. */
export const runsMlas = ({ kind }: LoweringTarget): boolean => kind === "cpu" || kind === "wasm";

/** Equal roots with every convolution batch-last where that is faster. */
export function withBatchLast(roots: readonly Tensor[]): Tensor[] {
  const uses = countUses(roots);
  const single = new Set<Tensor>();
  // A forward pass alone is faster unchanged: the two transposes at its ends cost more than they save.
  const training = topologicalOrder(roots).some(isWeightGradient);
  return rebuild(roots, new Map(), (t, original) => {
    const y = (training ? product(t) : null) ?? rewrite(t, (conv) => single.has(conv)) ?? t;
    if (uses(original) === 1) single.add(y);
    return y;
  });
}

function rewrite(t: Tensor, readOnce: (t: Tensor) => boolean): Tensor | null {
  switch (t.op.name) {
    case "Conv":
      return convolved(t.inputs[0]!, t.inputs[1]!, t.attrs as ConvAttrs);
    case "ConvTranspose":
      return convolvedTransposed(t.inputs[0]!, t.inputs[1]!, t.shape, t.attrs as ConvAttrs);
    case "ConvWeightGradient":
      return weightGradient(t.inputs[0]!, t.inputs[1]!, t.shape, t.attrs as ConvAttrs);
    case "Add":
      return (
        biased(t.inputs[0]!, t.inputs[1]!, readOnce) ?? biased(t.inputs[1]!, t.inputs[0]!, readOnce) ?? outwards(t)
      );
    case "Reshape":
      return reshaped(t);
    case "Slice":
    case "Pad":
      return moved(t);
    case "Concat":
      return joined(t);
    case "BroadcastTo":
      return repeated(t);
    default:
      return t.op.name.startsWith("Reduce") ? reduced(t) : outwards(t);
  }
}

const isMatrixProduct = (t: Tensor): boolean => t.op.name === "MatMul" && t.inputs.every((x) => x.rank === 2);

/** A product of two computed matrices. */
const isWeightGradient = (t: Tensor): boolean =>
  isMatrixProduct(t) && !t.inputs.some((x) => x instanceof Variable || batchLast(x) instanceof Variable);

/** x' w' -> (w x)', likewise where one factor is a weight, or data that meets one. */
function product(t: Tensor): Tensor | null {
  if (!isMatrixProduct(t)) return null;
  const [x, y] = t.inputs as [Tensor, Tensor];
  const [from, by] = [batchLast(x), batchLast(y)];
  if (from && (by || y instanceof Variable)) return toFirst(matmul(by ?? transpose(y), from));
  const meets = by instanceof Variable && x.shape[0]! >= smallestBatch && !joinsAxes(x);
  return meets ? toFirst(matmul(by, toLast(x))) : null;
}

/** Whether rows are of several axes, as the steps of a sequence: attention between the layers wants them as they are. */
const joinsAxes = (x: Tensor): boolean =>
  x.op.name === "Reshape" && x.inputs[0]!.rank > 2 && x.inputs[0]!.shape[0] !== x.shape[0];

/** f(x', y) -> f(x, y')' for an elementwise f: transposes of inputs become one of the output. */
function outwards(t: Tensor): Tensor | null {
  if (!t.op.elementwise || t.rank < 2) return null;
  // A single sample per example has an axis of size 1 before the batch, which is set aside.
  if (t.shape[0] === 1 && t.rank > 2 && t.inputs.some((x) => batchLast(withoutFirst(x, t.rank)) !== null)) {
    const y = apply(
      t.op,
      t.inputs.map((x) => withoutFirst(x, t.rank)),
      t.attrs,
    );
    return reshape(outwards(y) ?? y, t.shape);
  }
  const inner = t.inputs.map((x) => (x.rank === t.rank ? batchLast(x) : null));
  // The transpose of a leaf costs the same on either side; that of a smaller operand costs less than that of a larger one.
  const largest = Math.max(0, ...inner.map((x) => (x && x.inputs.length > 0 ? x.size : 0)));
  if (largest === 0 || t.inputs.some((x, i) => !inner[i] && x.inputs.length > 0 && x.size > largest)) return null;
  const inputs = t.inputs.map((x, i) => {
    if (inner[i] || x.rank === 0) return inner[i] ?? x;
    return toLast(reshape(x, [...Array.from({ length: t.rank - x.rank }, () => 1), ...x.shape]));
  });
  return toFirst(apply(t.op, inputs, t.attrs));
}

const withoutFirst = (x: Tensor, rank: number): Tensor => (x.rank === rank ? reshape(x, x.shape.slice(1)) : x);

/** Per-axis attributes of an op, in the order of the batch-last axes. */
const rotated = (attrs: Attributes): Attributes =>
  Object.fromEntries(Object.entries(attrs).map(([k, v]) => [k, Array.isArray(v) ? [...v.slice(1), v[0]] : v]));

/** A slice or a pad of x' as one of x. */
function moved(t: Tensor): Tensor | null {
  const inner = batchLast(t.inputs[0]!);
  return inner && toFirst(apply(t.op, [inner], rotated(t.attrs)));
}

/** x' repeated along other axes than the batch, as x repeated. */
function repeated(t: Tensor): Tensor | null {
  const x = t.inputs[0]!;
  const inner = batchLast(x);
  if (!inner || x.rank !== t.rank || x.shape[0] !== t.shape[0]) return null;
  return toFirst(broadcastTo(inner, [...t.shape.slice(1), t.shape[0]!]));
}

/** A concatenation of x' and y' as one of x and y. */
function joined(t: Tensor): Tensor | null {
  const inner = t.inputs.map(batchLast);
  const axis = rotation(t.rank)[t.attrs["axis"] as number]!;
  return inner.every((x) => x !== null) ? toFirst(apply(t.op, inner, { axis })) : null;
}

/** A reduction of x' as one of x, over the corresponding axes. */
function reduced(t: Tensor): Tensor | null {
  const x = t.inputs[0]!;
  const inner = batchLast(x);
  if (!inner) return null;
  const { axes, keepDims } = t.attrs as { axes: readonly number[]; keepDims: boolean };
  const there = axes.map((a) => rotation(x.rank)[a]!).toSorted((a, b) => a - b);
  const y = apply(t.op, [inner], { axes: there, keepDims });
  return y.rank > 1 && (keepDims || !axes.includes(0)) ? toFirst(y) : y;
}

/** A reshape that keeps the batch axis, as one of the other axes; a product then absorbs the remaining transpose. */
function reshaped(t: Tensor): Tensor | null {
  const x = t.inputs[0]!;
  const inner = batchLast(x);
  if (!inner || t.rank < 2 || t.shape[0] !== x.shape[0]) return null;
  return toFirst(reshape(inner, [...t.shape.slice(1), t.shape[0]!]));
}
