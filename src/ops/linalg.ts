import { ShapeError } from "../errors.ts";
import { broadcastShapes, formatType, isFloat, sameShape, sizeOf, type TensorType } from "../graph/shape.ts";
import { defineOp, type Tensor } from "../graph/tensor.ts";
import { broadcastIndices, type Value } from "../graph/value.ts";
import { factored, mul } from "./arithmetic.ts";
import { transpose } from "./movement.ts";

const matmulOp = defineOp<readonly [Tensor, Tensor]>({
  name: "MatMul",
  infer: ([x, y]) => {
    const ok = x.dtype === y.dtype && isFloat(x.dtype) && x.shape.length >= 2 && y.shape.length >= 2;
    if (!ok || x.shape.at(-1) !== y.shape.at(-2))
      throw new ShapeError(
        `matmul: inner dimensions differ, got ${formatType(x)} @ ${formatType(y)}, expected [..., m, k] @ [..., k, n]`,
      );
    const batch = broadcastShapes("matmul", x.shape.slice(0, -2), y.shape.slice(0, -2));
    return { dtype: x.dtype, shape: [...batch, x.shape.at(-2)!, y.shape.at(-1)!] };
  },
  // The gradient of a transposed factor is computed transposed, so that no transpose is needed for the factor itself.
  vjp: ({ x: [x, y], ct }) => [
    isTransposed(x) ? transpose(matmul(y, transpose(ct))) : matmul(ct, transpose(y)),
    isTransposed(y) ? transpose(matmul(transpose(ct), x)) : matmul(transpose(x), ct),
  ],
  lower: (onnx, x) => onnx.node("MatMul", x),
  work: ([x], type) => sizeOf(type.shape) * x.shape.at(-1)!,
  evaluate: ([x, y], _, type) => product(x, y, type),
  identity: ([x, y]) => {
    // Scalar factors move outwards, where the optimizer's pass or Gemm's alpha absorbs them.
    const [a, c] = factored(x);
    const [b, d] = factored(y);
    return a === x && b === y ? null : mul(matmul(a, b), c * d);
  },
  fuse: ([x, y]) => (x.rank === 2 && y.rank === 2 ? gemm(x, y) : null),
});
/** x [..., m, k] times y [..., k, n] -> [..., m, n]; leading axes broadcast. A vector is reshaped by the caller. */
export const matmul = (x: Tensor, y: Tensor): Tensor => matmulOp([x, y], {});

/** Whether t is a (batch of) transposed matrix view. */
function isTransposed(t: Tensor): boolean {
  if (t.op.name !== "Transpose") return false;
  const { permutation } = t.attrs as { permutation: readonly number[] };
  return permutation.every((p, i) => p === (i < t.rank - 2 ? i : 2 * t.rank - 3 - i));
}

function product(x: Value, y: Value, type: TensorType): Value {
  const [m, k, n] = [x.shape.at(-2)!, x.shape.at(-1)!, y.shape.at(-1)!];
  const batch = type.shape.slice(0, -2);
  const i = broadcastIndices(x.shape.slice(0, -2), batch);
  const j = broadcastIndices(y.shape.slice(0, -2), batch);
  const data = new Float64Array(sizeOf(type.shape));
  for (let b = 0; b < i.length; b++)
    for (let r = 0; r < m; r++)
      for (let p = 0; p < k; p++) {
        const v = x.data[(i[b]! * m + r) * k + p]!;
        for (let c = 0; c < n; c++) data[(b * m + r) * n + c]! += v * y.data[(j[b]! * k + p) * n + c]!;
      }
  return { ...type, data };
}

type GemmAttrs = { readonly transA: boolean; readonly transB: boolean; readonly alpha: number };
/** A 2-D product as a compiled program runs it: alpha op(A) op(B) + C, with free transposes and bias. */
const gemmOp = defineOp<readonly Tensor[], GemmAttrs>({
  name: "Gemm",
  infer: ([a, b, c], { transA, transB }) => {
    const [m, k] = transA ? [a!.shape[1]!, a!.shape[0]!] : [a!.shape[0]!, a!.shape[1]!];
    const [k2, n] = transB ? [b!.shape[1]!, b!.shape[0]!] : [b!.shape[0]!, b!.shape[1]!];
    if (k !== k2 || (c && !sameShape(broadcastShapes("gemm", c.shape, [m, n]), [m, n])))
      throw new ShapeError(
        `gemm: got ${[a, b, c].flatMap((t) => (t ? [formatType(t)] : [])).join(", ")}, expected [m, k] @ [k, n] + [m, n]`,
      );
    return { dtype: a!.dtype, shape: [m, n] };
  },
  // This op only arises when a program is compiled, after differentiation.
  vjp: null,
  // (m k) (k n) (m n) = (m k n)^2
  work: ([a, b], { shape }) => Math.sqrt(sizeOf(a!.shape) * sizeOf(b!.shape) * sizeOf(shape)),
  lower: (onnx, x, { attrs: { transA, transB, alpha } }) =>
    onnx.node("Gemm", x, {
      ...(transA && { transA: 1 }),
      ...(transB && { transB: 1 }),
      ...(alpha !== 1 && { alpha: { float: alpha } }),
    }),
  evaluate: ([a, b, c], { transA, transB, alpha }, type) => {
    const flip = (v: Value): Value => ({
      ...v,
      shape: v.shape.toReversed(),
      data: Float64Array.from(v.data, (_, i) => v.data[(i % v.shape[0]!) * v.shape[1]! + Math.floor(i / v.shape[0]!)]!),
    });
    const y = product(transA ? flip(a!) : a!, transB ? flip(b!) : b!, type);
    const at = c && broadcastIndices(c.shape, type.shape);
    return { ...y, data: y.data.map((v, i) => alpha * v + (c && at ? c.data[at[i]!]! : 0)) };
  },
});

/** The 2-D product as a compiled program runs it, with the transposes of its factors. */
export function gemm(x: Tensor, y: Tensor): Tensor {
  const source = (t: Tensor): Tensor => (isTransposed(t) ? t.inputs[0]! : t);
  const [a, b] = [source(x), source(y)];
  return gemmOp([a, b], { transA: a !== x, transB: b !== y, alpha: 1 });
}

/** product + bias as one Gemm, where nothing else reads the product. */
export function fuseBias(x: Tensor, bias: Tensor, uses: (t: Tensor) => number): Tensor | null {
  if (x.op.name !== "Gemm" || x.inputs.length !== 2 || uses(x) !== 1 || x.rank !== 2 || bias.rank > 2) return null;
  if (!sameShape(broadcastShapes("gemm", bias.shape, x.shape), x.shape)) return null;
  return gemmOp([...x.inputs, bias], x.attrs as GemmAttrs);
}

/** product * factor as Gemm's alpha, where nothing else reads the product. */
export function fuseScale(x: Tensor, factor: number, uses: (t: Tensor) => number): Tensor | null {
  if (x.op.name !== "Gemm" || x.inputs.length !== 2 || uses(x) !== 1) return null;
  const attrs = x.attrs as GemmAttrs;
  return gemmOp(x.inputs, { ...attrs, alpha: attrs.alpha * factor });
}

const trilOp = defineOp<readonly [Tensor], { k: number; upper: boolean }>({
  name: "Trilu",
  infer: ([x], { upper }) => {
    if (x.shape.length < 2)
      throw new ShapeError(`${upper ? "triu" : "tril"}: got ${formatType(x)}, expected [..., rows, columns]`);
    return x;
  },
  vjp: ({ ct, attrs: { k, upper } }) => [upper ? triu(ct, k) : tril(ct, k)],
  lower: (onnx, [x], { attrs }) =>
    onnx.node("Trilu", [x, onnx.scalar("int64", attrs.k)], { upper: Number(attrs.upper) }),
  evaluate: ([x], { k, upper }) => {
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    return {
      ...x,
      data: x.data.map((v, i) => {
        const offset = (i % columns) - (Math.floor(i / columns) % rows);
        return (upper ? offset >= k : offset <= k) ? v : 0;
      }),
    };
  },
});
/** The lower triangle of each matrix, up to and including diagonal k; zero above. A mask of ones is causal attention's. */
export function tril(x: Tensor, k = 0): Tensor {
  return trilOp([x], { k, upper: false });
}
/** The upper triangle of each matrix, from diagonal k on; zero below. */
export function triu(x: Tensor, k = 0): Tensor {
  return trilOp([x], { k, upper: true });
}
