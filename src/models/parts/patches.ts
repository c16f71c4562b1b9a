import { ConfigError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { reshape, transpose } from "../../ops/movement.ts";

/** Throws ConfigError where squares of this side do not tile an image. */
export function checkPatch(patch: number, [height, width]: readonly [number, number]): void {
  if (height % patch !== 0 || width % patch !== 0)
    throw new ConfigError(
      `patch: images are cut into squares of its side, got ${patch} for images of ${width}x${height}, expected a common divisor of both sides, such as 1`,
    );
}

/** Blocks of k x k pixels as channels, and back: [n, c, h, w] <-> [n, c k^2, h / k, w / k]. */
export const spaceToDepth = (x: Tensor, k: number): Tensor => {
  if (k === 1) return x;
  const [n, c, h, w] = x.shape as readonly [number, number, number, number];
  const blocks = transpose(reshape(x, [n, c, h / k, k, w / k, k]), [0, 1, 3, 5, 2, 4]);
  return reshape(blocks, [n, c * k * k, h / k, w / k]);
};
export const depthToSpace = (x: Tensor, k: number): Tensor => {
  if (k === 1) return x;
  const [n, c, h, w] = x.shape as readonly [number, number, number, number];
  const blocks = transpose(reshape(x, [n, c / (k * k), k, k, h, w]), [0, 1, 4, 2, 5, 3]);
  return reshape(blocks, [n, c / (k * k), h * k, w * k]);
};
