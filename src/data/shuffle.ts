import type { Stream } from "../random/index.ts";
import type { Dataset } from "./dataset.ts";

/**
 * Examples in random order, a function of the stream alone. Where they are read from disk in `blocks`, the order keeps to the cache: blocks in
 * random order, and examples shuffled within windows of as many blocks as memory holds.
 */
export function shuffled({ values }: Dataset, examples: Uint32Array, random: Stream): Uint32Array {
  const blocks = ArrayBuffer.isView(values) ? undefined : values.blocks;
  if (!blocks) return random.permutation(examples.length).map((at) => examples[at]!);
  const blockOf = (example: number): number => Math.floor(example / blocks.size);
  const count = examples.reduce((most, example) => Math.max(most, blockOf(example)), 0) + 1;
  const sizes = new Uint32Array(count);
  for (const example of examples) sizes[blockOf(example)]! += 1;
  const order = random.permutation(count);
  // Start of each block's examples: blocks in their new order, consecutively.
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
