import { ShapeError } from "../errors.ts";
import { formatType } from "../graph/shape.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { conv } from "./convolution.ts";
import { matmul } from "./linalg.ts";
import { broadcastTo, reshape, stack, transpose } from "./movement.ts";

function checkImages(where: string, x: Tensor): readonly [n: number, c: number, h: number, w: number] {
  if (x.rank !== 4) throw new ShapeError(`${where}: got ${formatType(x)}, expected [n, c, h, w]`);
  return x.shape as readonly [number, number, number, number];
}
function checkFactor(where: string, name: string, factor: number): void {
  if (!Number.isInteger(factor) || factor < 1)
    throw new ShapeError(`${where}: got ${name} ${factor}, expected a positive integer`);
}

/** Each pixel of x [n, c, h, w] repeated as a scale x scale block. */
export function resizeNearest(x: Tensor, scale: number): Tensor {
  const [n, c, h, w] = checkImages("resizeNearest", x);
  checkFactor("resizeNearest", "scale", scale);
  const blocks = broadcastTo(reshape(x, [n, c, h, 1, w, 1]), [n, c, h, scale, w, scale]);
  return reshape(blocks, [n, c, h * scale, w * scale]);
}

/**
 * conv(resizeNearest(x, scale), w, { padding: (kernel - 1) / 2 }) for x [n, c, h, w] and an odd square kernel w [o, c, k, k], computed from x:
 * pixels of an output that share their place in the blocks see x through the same smaller kernel, whose taps are sums of w's (sub-pixel convolution,
 * arXiv:1609.05158). At a scale of 2, a 3x3 kernel takes 4 multiplications per output pixel in place of 9.
 */
export function upsampleConv(x: Tensor, w: Tensor, scale: number): Tensor {
  const [n, , height, width] = checkImages("upsampleConv", x);
  checkFactor("upsampleConv", "scale", scale);
  const [out, inner, kernel] = w.shape as readonly [number, number, number];
  if (w.rank !== 4 || w.shape[3] !== kernel || kernel % 2 === 0)
    throw new ShapeError(`upsampleConv: got a kernel of ${formatType(w)}, expected [o, c, k, k] with an odd k`);
  const flat = reshape(w, [out * inner, kernel * kernel]);
  const phases = Array.from({ length: scale }, (_, p) => phaseOf(p, kernel, scale));
  const parts = phases.map((p) =>
    phases.map((q) => {
      const taps = [p.offsets.length, q.offsets.length] as const;
      const filter = reshape(
        matmul(flat, constant(kronecker(p, q, kernel), [kernel * kernel, taps[0] * taps[1]], w.dtype)),
        [out, inner, ...taps],
      );
      const before = [0 - p.offsets[0]!, 0 - q.offsets[0]!];
      return conv(x, filter, { padding: { before, after: [p.offsets.at(-1)!, q.offsets.at(-1)!] } });
    }),
  );
  const blocks = stack(
    parts.map((row) => stack(row, 4)),
    3,
  );
  return reshape(blocks, [n, out, height * scale, width * scale]);
}

/** What the rows of place p in the blocks see: offsets of rows of x, and which taps of the kernel fall on each. */
interface Phase {
  readonly offsets: readonly number[];
  readonly taps: readonly (readonly number[])[];
}
function phaseOf(p: number, kernel: number, scale: number): Phase {
  const half = (kernel - 1) / 2;
  const at = (tap: number): number => Math.floor((p + tap - half) / scale);
  const [first, last] = [at(0), at(kernel - 1)];
  const offsets = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const all = Array.from({ length: kernel }, (_, tap) => tap);
  return { offsets, taps: offsets.map((offset) => all.filter((tap) => at(tap) === offset)) };
}

/** Matrix [kernel^2, taps] of 0 and 1 that sums the taps of a kernel into those of a phase of rows and one of columns. */
function kronecker(rows: Phase, columns: Phase, kernel: number): Float64Array {
  const width = rows.taps.length * columns.taps.length;
  const matrix = new Float64Array(kernel * kernel * width);
  rows.taps.forEach((from, r) =>
    columns.taps.forEach((across, c) => {
      for (const i of from) for (const j of across) matrix[(i * kernel + j) * width + r * columns.taps.length + c] = 1;
    }),
  );
  return matrix;
}

/**
 * Bilinear interpolation of x [n, c, h, w]. Pixels are squares: output pixel i is at (i + 1/2) size_in / size_out - 1/2 in the input, and beyond
 * the outermost centers the edge value is kept. With `antialias` downsampling smooths first, by a triangle filter as wide as an output pixel
 * (see arXiv:2104.11222).
 */
export function resizeBilinear(
  x: Tensor,
  to: { readonly scale: number } | { readonly size: readonly [height: number, width: number] },
  { antialias = false } = {},
): Tensor {
  const [, , h, w] = checkImages("resizeBilinear", x);
  const [height, width] = "size" in to ? to.size : [h * to.scale, w * to.scale];
  for (const size of [height, width]) checkFactor("resizeBilinear", "an output size of", size);
  const weights = antialias ? triangles : interpolation;
  const rows = constant(weights(h, height), [height, h], x.dtype);
  const columns = constant(weights(w, width), [width, w], x.dtype);
  return matmul(matmul(rows, x), transpose(columns));
}

/** Matrix [to, from] of linear interpolation between pixel centers. */
function interpolation(from: number, to: number): Float64Array {
  const matrix = new Float64Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const low = Math.min(Math.floor(at), from - 1);
    const high = Math.min(low + 1, from - 1);
    matrix[i * from + low]! += 1 - (at - low);
    matrix[i * from + high]! += at - low;
  }
  return matrix;
}

/** The same with a triangle filter as wide as an output pixel; weights outside the input are dropped. */
function triangles(from: number, to: number): Float64Array {
  const matrix = new Float64Array(to * from);
  const reach = Math.max(1, from / to);
  for (let i = 0; i < to; i++) {
    const row = matrix.subarray(i * from, (i + 1) * from);
    const at = ((i + 0.5) * from) / to - 0.5;
    row.forEach((_, j) => (row[j] = Math.max(0, 1 - Math.abs(j - at) / reach)));
    const total = row.reduce((sum, weight) => sum + weight, 0);
    row.forEach((weight, j) => (row[j] = weight / total));
  }
  return matrix;
}

/** Each block x block square of x [n, c, h, w] moved into channels: [n, c block^2, h / block, w / block], channel-major. */
export function spaceToDepth(x: Tensor, block: number): Tensor {
  const [n, c, h, w] = checkImages("spaceToDepth", x);
  checkFactor("spaceToDepth", "block", block);
  if (h % block !== 0 || w % block !== 0)
    throw new ShapeError(`spaceToDepth: got ${formatType(x)}, expected height and width divisible by ${block}`);
  const squares = reshape(x, [n, c, h / block, block, w / block, block]);
  return reshape(transpose(squares, [0, 1, 3, 5, 2, 4]), [n, c * block * block, h / block, w / block]);
}

/** The inverse of spaceToDepth: [n, c block^2, h, w] -> [n, c, h block, w block]. */
export function depthToSpace(x: Tensor, block: number): Tensor {
  const [n, c, h, w] = checkImages("depthToSpace", x);
  checkFactor("depthToSpace", "block", block);
  if (c % (block * block) !== 0)
    throw new ShapeError(`depthToSpace: got ${formatType(x)}, expected channels divisible by ${block * block}`);
  const squares = reshape(x, [n, c / (block * block), block, block, h, w]);
  return reshape(transpose(squares, [0, 1, 4, 2, 5, 3]), [n, c / (block * block), h * block, w * block]);
}
