/** Resolutions of a hierarchy of grids, and the ways between them. */
import { ConfigError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { concat, slice } from "../../ops/movement.ts";
import { averagePool } from "../../ops/pooling.ts";
import { mean } from "../../ops/reduction.ts";
import { resizeNearest } from "../../ops/resize.ts";

export type GridSize = readonly [height: number, width: number];

/**
 * `count` resolutions, the coarsest first: 1x1, and above the finest halvings of it, odd sides rounded up. Throws ConfigError where
 * there are fewer.
 */
export function resolutions(finest: GridSize, count: number): readonly GridSize[] {
  const halvings: GridSize[] = [finest];
  for (let last = finest; Math.max(...last) > 1; halvings.push(last)) last = halved(last);
  if (count > halvings.length)
    throw new ConfigError(
      `latents: more resolutions than images of ${text(finest)} have, got a list of ${count}, expected at most ${halvings.length}: ${halvings.map(text).toReversed().join(", ")}`,
    );
  return [[1, 1] as const, ...halvings.slice(0, count - 1).toReversed()];
}

const halved = ([height, width]: GridSize): GridSize => [Math.ceil(height / 2), Math.ceil(width / 2)];

export const text = ([height, width]: GridSize): string => `${width}x${height}`;

/** Averages of x [n, c, h, w] at the next coarser resolution: of all positions, or of blocks of 2x2, a last odd row or column twice. */
export function pooled(x: Tensor, size: GridSize): Tensor {
  if (Math.max(...size) === 1) return mean(x, [2, 3], true);
  const even = [2, 3].reduce((t, axis) => {
    const side = t.shape[axis]!;
    return side % 2 === 0 || side === 1 ? t : concat([t, slice(t, axis, side - 1, side)], axis);
  }, x);
  return averagePool(even, { kernel: even.shape.slice(2).map((side) => Math.min(side, 2)) });
}

/** h [n, c, h, w] at the next finer resolution, by nearest neighbor. */
export function upsampled(h: Tensor, [height, width]: GridSize): Tensor {
  const [n, c, ...from] = h.shape as readonly [number, number, number, number];
  if (Math.max(...from) === 1) return h.broadcastTo([n, c, height, width]);
  return slice(slice(resizeNearest(h, 2), 2, 0, height), 3, 0, width);
}
