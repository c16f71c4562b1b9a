import { ConfigError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";

/** Halves of an example, along its last axis but one and its last. */
export const keptParts = ["top-half", "bottom-half", "left-half", "right-half"] as const;
export type KeptPart = (typeof keptParts)[number];

/** Whether a text names one. */
export const isKeptPart = (name: string): name is KeptPart => (keptParts as readonly string[]).includes(name);

/**
 * A mask that keeps a half of each example, the smaller one of an odd side: 0 there, 1 where values are new. Throws ConfigError for one that
 * keeps nothing.
 *
 * @example
 * maskKeeping("left-half", [1, 2, 4]); // [0, 0, 1, 1, 0, 0, 1, 1]
 */
export function maskKeeping(part: KeptPart, shape: Shape): Float32Array {
  const [height, width] = [shape.at(-2) ?? 1, shape.at(-1)!];
  const rows = part === "top-half" || part === "bottom-half";
  const side = rows ? height : width;
  const half = Math.floor(side / 2);
  const first = part === "top-half" || part === "left-half" ? 0 : side - half;
  const mask = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const at = rows ? Math.floor(i / width) % height : i % width;
    return at >= first && at < first + half ? 0 : 1;
  });
  checkCompletes(part, mask, shape);
  return mask;
}

/** Throws ConfigError for a mask that keeps all values of an example, or none. */
export function checkCompletes(where: string, mask: Float32Array, shape: Shape): void {
  const size = sizeOf(shape);
  const added = mask.reduce((sum, v) => sum + v, 0);
  if (added > 0 && added < size) return;
  throw new ConfigError(
    `${where}: nothing is to be completed from another part, got a mask that keeps ${added === 0 ? "all" : "none"} of ${size} values, expected some`,
  );
}
