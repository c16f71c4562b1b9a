import { ShapeError } from "../errors.ts";
import type { OnnxEmitter } from "../graph/op.ts";
import { type Shape, sizeOf, stridesOf } from "../graph/shape.ts";

/** Stride, padding and dilation of a kernel over the spatial axes. */
export interface Window {
  readonly stride: readonly number[];
  /** Before each axis, then after each axis. */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}
/** One number for all spatial axes, or one per axis. */
export type PerAxis = number | readonly number[];
/** An option per spatial axis; integers of at least `least`. */
export function perAxis(where: string, name: string, setting: PerAxis, axes: number, least: number): readonly number[] {
  const list = typeof setting === "number" ? Array.from({ length: axes }, () => setting) : setting;
  if (list.length !== axes || list.some((v) => !Number.isInteger(v) || v < least))
    throw new ShapeError(`${where}: got ${name} [${list}], expected ${axes} integers of at least ${least}`);
  return list;
}

/** Zeros before and after each axis; a number or a list is for both sides. */
export type Padding = PerAxis | { readonly before: PerAxis; readonly after: PerAxis };
/** The padding of a window. */
export function paddingOf(where: string, padding: Padding, axes: number): readonly number[] {
  const { before, after } =
    typeof padding === "object" && "before" in padding ? padding : { before: padding, after: padding };
  return [before, after].flatMap((side) => perAxis(where, "padding", side, axes, 0));
}
/** Zeros on both sides of an axis together. */
const margins = (padding: readonly number[], axis: number): number =>
  padding[axis]! + padding[padding.length / 2 + axis]!;
export const before = (padding: readonly number[]): readonly number[] => padding.slice(0, padding.length / 2);
export const after = (padding: readonly number[]): readonly number[] => padding.slice(padding.length / 2);

/** Number of positions of a window of `kernel` taps along each axis. */
export const positions = (
  size: Shape,
  kernel: Shape,
  { stride, padding, dilation }: Omit<Window, "groups">,
): number[] =>
  size.map((s, i) => Math.floor((s + margins(padding, i) - dilation[i]! * (kernel[i]! - 1) - 1) / stride[i]!) + 1);

export const spatial = (shape: Shape): Shape => shape.slice(2);
/** Size of x along each axis that gives exactly `y` positions. */
export const covered = (y: Shape, kernel: Shape, { stride, padding, dilation }: Window): number[] =>
  y.map((n, i) => (n - 1) * stride[i]! - margins(padding, i) + dilation[i]! * (kernel[i]! - 1) + 1);

/** Visits every term of the form as flat indices into x, w and y. */
export function eachTerm(
  x: Shape,
  w: Shape,
  y: Shape,
  { stride, padding, dilation, groups }: Window,
  visit: (x: number, w: number, y: number) => void,
): void {
  const [size, kernel, out] = [spatial(x), spatial(w), spatial(y)];
  const [strides, taps, places] = [stridesOf(size), stridesOf(kernel), stridesOf(out)];
  const [area, tapCount, placeCount] = [sizeOf(size), sizeOf(kernel), sizeOf(out)];
  const hits: (readonly [x: number, w: number, y: number])[] = [];
  for (let place = 0; place < placeCount; place++)
    for (let tap = 0; tap < tapCount; tap++) {
      let at = 0;
      for (let i = 0; i < size.length && at >= 0; i++) {
        const p = Math.floor(place / places[i]!) % out[i]!;
        const t = Math.floor(tap / taps[i]!) % kernel[i]!;
        const from = p * stride[i]! + t * dilation[i]! - padding[i]!;
        at = from < 0 || from >= size[i]! ? -1 : at + from * strides[i]!;
      }
      if (at >= 0) hits.push([at, tap, place]);
    }
  const [perGroupIn, perGroupOut] = [w[1]!, w[0]! / groups];
  for (let n = 0; n < x[0]!; n++)
    for (let o = 0; o < w[0]!; o++)
      for (let c = 0; c < perGroupIn; c++) {
        const channel = Math.floor(o / perGroupOut) * perGroupIn + c;
        const [atX, atW, atY] = [
          (n * x[1]! + channel) * area,
          (o * w[1]! + c) * tapCount,
          (n * w[0]! + o) * placeCount,
        ];
        for (const [i, j, k] of hits) visit(atX + i, atW + j, atY + k);
      }
}

/** The options as ONNX attributes. */
export const onnxWindow = ({
  stride,
  padding,
  dilation,
  groups,
}: Window): Record<string, number | readonly number[]> => ({
  strides: stride,
  pads: padding,
  dilations: dilation,
  group: groups,
});

/**
 * A Conv node. ONNX Runtime 1.30's WebGPU kernel takes one as large as the image, with nothing padded before, for a matrix product, even where something
 * is padded after: there the kernel gets one more row of zeros. (A Pad would be fused into the Conv, whichever of its inputs it is.)
 */
export function emitConv(
  onnx: OnnxEmitter,
  [x, w]: readonly [string, string],
  [image, filter]: readonly [Shape, Shape],
  attrs: ReturnType<typeof onnxWindow>,
): string {
  const pads = attrs["pads"] as readonly number[];
  const asLarge = spatial(image).every((size, i) => size === filter[i + 2]);
  const onlyAfter = before(pads).every((p) => p === 0) && after(pads).some((p) => p > 0);
  if (onnx.target.kind !== "webgpu" || !asLarge || !onlyAfter) return onnx.node("Conv", [x, w], attrs);
  const [first] = attrs["dilations"] as readonly number[];
  const row = onnx.node("Expand", [onnx.scalar("float32", 0), onnx.ints(filter.with(2, 1))]);
  const longer = onnx.node("Concat", [w, row], { axis: 2 });
  const at = pads.length / 2;
  return onnx.node("Conv", [x, longer], { ...attrs, pads: pads.with(at, pads[at]! + first!) });
}
