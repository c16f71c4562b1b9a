import type { Attributes } from "../graph/op.ts";
import type { Shape } from "../graph/shape.ts";
import { defineOp, type Tensor } from "../graph/tensor.ts";
import type { Value } from "../graph/value.ts";
import { factored, mul } from "./arithmetic.ts";

type Blocks = { readonly block: number };

const blockedShape = ([n, c, h, w]: Shape, block: number): Shape => [n!, c! / block, h!, w!, block];
const plainShape = ([n, blocks, h, w, block]: Shape): Shape => [n!, blocks! * block!, h!, w!];

/** For each element of the blocked layout, its place in [n, c, h, w]. */
function places(shape: Shape, block: number): Float64Array {
  const [n, c, h, w] = shape as readonly [number, number, number, number];
  const at = new Float64Array(n * c * h * w);
  let to = 0;
  for (let image = 0; image < n; image++)
    for (let first = 0; first < c; first += block)
      for (let pixel = 0; pixel < h * w; pixel++)
        for (let channel = first; channel < first + block; channel++) at[to++] = (image * c + channel) * h * w + pixel;
  return at;
}

/** The values of [n, c, h, w] in blocks. */
export function blockedValue(x: Value, block: number): Value {
  const data = places(x.shape, block).map((from) => x.data[from]!);
  return { dtype: x.dtype, shape: blockedShape(x.shape, block), data };
}

/** The values of blocks as [n, c, h, w]. */
export function plainValue(x: Value): Value {
  const shape = plainShape(x.shape);
  const data = new Float64Array(x.data.length);
  places(shape, x.shape[4]!).forEach((to, i) => (data[to] = x.data[i]!));
  return { dtype: x.dtype, shape, data };
}

// These ops only arise when a program is compiled, after differentiation. ONNX Runtime reorders float32 alone: a mask is transposed.
const blockOp: (x: readonly [Tensor], attrs: Blocks) => Tensor = defineOp<readonly [Tensor], Blocks>({
  name: "Block",
  infer: ([x], { block }) => ({ dtype: x.dtype, shape: blockedShape(x.shape, block) }),
  vjp: null,
  lower: (onnx, [x], { type }) => {
    if (type.dtype === "float32")
      return onnx.node("Reshape", [onnx.node("com.microsoft.nchwc:ReorderInput", [x]), onnx.ints(type.shape)]);
    const [n, blocks, h, w, block] = type.shape as readonly [number, number, number, number, number];
    return onnx.node("Transpose", [onnx.node("Reshape", [x, onnx.ints([n, blocks, block, h, w])])], {
      perm: [0, 1, 3, 4, 2],
    });
  },
  evaluate: ([x], { block }) => blockedValue(x, block),
  identity: ([x], { block }) => {
    if (x.op.name === "Unblock") return x.inputs[0]!;
    const [a, c] = factored(x);
    return a === x ? null : mul(blockOp([a], { block }), c);
  },
});
/** [n, c, h, w] -> [n, c / block, h, w, block], for a number of channels that the block size divides. */
export const blocked = (x: Tensor, block: number): Tensor => blockOp([x], { block });

const unblockOp: (x: readonly [Tensor], attrs: Attributes) => Tensor = defineOp<readonly [Tensor]>({
  name: "Unblock",
  infer: ([x]) => ({ dtype: x.dtype, shape: plainShape(x.shape) }),
  vjp: null,
  lower: (onnx, [x], { type }) =>
    type.dtype === "float32"
      ? onnx.node("com.microsoft.nchwc:ReorderOutput", [onnx.node("Reshape", [x, onnx.ints(type.shape)])], {
          channels: type.shape[1]!,
        })
      : onnx.node("Reshape", [onnx.node("Transpose", [x], { perm: [0, 1, 4, 2, 3] }), onnx.ints(type.shape)]),
  evaluate: ([x]) => plainValue(x),
  identity: ([x]) => {
    const [a, c] = factored(x);
    return a === x ? null : mul(unblockOp([a], {}), c);
  },
});
/** [n, c / block, h, w, block] -> [n, c, h, w]. */
export const unblocked = (x: Tensor): Tensor => unblockOp([x], {});

/** The blocked tensor of which t is the ordinary view, or null. */
export function blocksOf(t: Tensor): Tensor | null {
  const [rest, factor] = factored(t);
  if (rest.op.name !== "Unblock") return null;
  return factor === 1 ? rest.inputs[0]! : mul(rest.inputs[0]!, factor);
}
