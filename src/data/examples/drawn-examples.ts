import { stream } from "../../random/index.ts";
import type { Split } from "../split.ts";

/**
 * `count` examples of a split drawn at random by the seed, in the split's order; all of them where it has no more. Files are often sorted, so that
 * the first examples are like no others.
 *
 * @example
 * const { train } = await digitsSource({ size: 100 });
 * drawnExamples(train, 5, 0).indices.length; // 5
 */
export function drawnExamples({ dataset, indices }: Split, count = Infinity, seed = 0): Split {
  if (count >= indices.length) return { dataset, indices };
  const places = stream(seed, "drawn examples").permutation(indices.length).subarray(0, count).toSorted();
  return { dataset, indices: places.map((place) => indices[place]!) };
}

/** All examples of a split in a random order by the seed: every part of it is as any other. */
export function inRandomOrder({ dataset, indices }: Split, seed = 0): Split {
  const order = stream(seed, "random order").permutation(indices.length);
  return { dataset, indices: order.map((place) => indices[place]!) };
}
