import type { Stream } from "../random/index.ts";
import type { Dataset } from "./dataset.ts";

/**
 * Examples of a dataset in random order. Where they are read from a disk in `blocks`, the order is one that memory can follow: blocks in
 * random order, and within as many of them as memory holds the examples in random order. Either is a function of the stream alone.
 */
export function shuffled({ values }: Dataset, examples: Uint32Array, random: Stream): Uint32Array {
  const blocks = ArrayBuffer.isView(values) ? undefined : values.blocks;
  if (!blocks) return random.permutation(examples.length).map((at) => examples[at]!);
  const blockOf = (example: number): number => Math.floor(example / blocks.size);
  const count = examples.reduce((most, example) => Math.max(most, blockOf(example)), 0) + 1;
  const sizes = new Uint32Array(count);
  for (const example of examples) sizes[blockOf(example)]! += 1;
  const order = random.permutation(count);
  // Where the examples of each block go: the blocks in their new order, one after the other.
  const next = new Uint32Array(count);
  const windows: number[] = [];
  let at = 0;
  order.forEach((block, place) => {
    if (place % blocks.held === 0) windows.push(at);
    next[block] = at;
    at += sizes[block]!;
  });
  windows.push(at);
  const result = new Uint32Array(examples.length);
  for (const example of examples) result[next[blockOf(example)]!++] = example;
  for (let w = 0; w + 1 < windows.length; w++) {
    const window = result.slice(windows[w], windows[w + 1]);
    random.permutation(window.length).forEach((from, to) => (result[windows[w]! + to] = window[from]!));
  }
  return result;
}
