import { ShapeError, UnsupportedOpError } from "../errors.ts";
import { isFloat, sameShape, type Shape } from "./shape.ts";
import { lift, type Tensor } from "./tensor.ts";
import { topologicalOrder } from "./traverse.ts";

/**
 * Reverse-mode gradients of a scalar loss, as new graph nodes, so they differentiate again.
 * A tensor that the loss does not depend on gets zeros. Throws UnsupportedOpError naming an op without a derivative.
 *
 * @example
 * const x = new Input("x", []);
 * const [slope] = grad(x.mul(x), [x]);
 * evaluate([slope!], new Map([[x, value("float32", [], [3])]]))[0]!.data; // [6]
 */
export function grad(loss: Tensor, wrt: readonly Tensor[]): Tensor[] {
  if (loss.rank !== 0)
    throw new ShapeError(
      `grad: the loss is not a scalar, got shape [${loss.shape}], expected []; reduce it with sum or mean`,
    );
  return vjp([loss], [lift(1, loss.dtype)], wrt);
}

/** Vector-Jacobian product: the cotangents of `wrt` given cotangents of `outputs` (same shapes), as new graph nodes. */
export function vjp(outputs: readonly Tensor[], cts: readonly Tensor[], wrt: readonly Tensor[]): Tensor[] {
  const order = topologicalOrder(outputs);
  const targets = new Set(wrt);
  const live = new Set<Tensor>();
  for (const t of order)
    if (targets.has(t) || (isFloat(t.dtype) && t.op.name !== "StopGradient" && t.inputs.some((x) => live.has(x))))
      live.add(t);

  const cotangents = new Map<Tensor, Tensor>();
  const accumulate = (t: Tensor, ct: Tensor): void => {
    const prior = cotangents.get(t);
    cotangents.set(t, prior ? prior.add(ct) : ct);
  };
  outputs.forEach((y, i) => accumulate(y, cts[i]!));
  for (const y of order.toReversed()) {
    const ct = cotangents.get(y);
    if (ct === undefined || y.inputs.length === 0 || !live.has(y) || !y.inputs.some((x) => live.has(x))) continue;
    if (y.op.vjp === null)
      throw new UnsupportedOpError(
        `grad: ${y.op.name} has no derivative, got a path through it, expected stopGradient or straightThrough around it`,
      );
    const xBars = y.op.vjp({ x: y.inputs, y, ct, attrs: y.attrs });
    y.inputs.forEach((x, i) => {
      const xBar = xBars[i];
      if (xBar && live.has(x)) accumulate(x, unbroadcast(xBar, x.shape));
    });
  }
  return wrt.map((x) => cotangents.get(x) ?? lift(0, x.dtype).broadcastTo(x.shape));
}

/**
 * Sums a cotangent over the axes along which its input was broadcast: the only place that reverses broadcasting. A cotangent smaller than its
 * input (a scalar constant that stands for a constant tensor) is broadcast instead.
 */
function unbroadcast(ct: Tensor, shape: Shape): Tensor {
  const extra = Math.max(0, ct.rank - shape.length);
  const axes = ct.shape.flatMap((d, i) => (i < extra || (shape[i - extra] === 1 && d !== 1) ? [i] : []));
  const kept = ct.shape.slice(extra).map((d, i) => (axes.includes(i + extra) ? 1 : d));
  const summed = axes.length > 0 ? ct.sum(axes).reshape(kept) : ct;
  return sameShape(kept, shape) ? summed : summed.broadcastTo(shape);
}
