import { openSync, readSync } from "node:fs";
import { BlockCache, type Blocks, blocksOf } from "../../data/storage/block-cache.ts";
import { DataError } from "../../errors.ts";

/** Examples of so many bytes each, one after the other in a file, of which a part is in memory. */
export interface ExampleFile {
  readonly blocks: Blocks;
  /** The bytes of an example, not to be kept. Throws DataError where the file has become shorter. */
  readonly bytesOf: (example: number) => Uint8Array;
}

/** Opens the first `bytes` of a file. */
export function openExampleFile(path: string, exampleBytes: number, bytes: number): ExampleFile {
  const file = openSync(path, "r");
  const blocks = blocksOf(exampleBytes);
  const cache = new BlockCache<Uint8Array>(blocks.held, (index, block = new Uint8Array(blocks.size * exampleBytes)) => {
    const at = index * block.length;
    const expected = Math.min(block.length, bytes - at);
    const read = readSync(file, block, 0, expected, at);
    if (read < expected) throw new DataError(`${path}: cut short, got ${read} bytes of examples, expected ${expected}`);
    return block;
  });
  return {
    blocks,
    bytesOf: (example) => {
      const at = (example % blocks.size) * exampleBytes;
      return cache.block(Math.floor(example / blocks.size)).subarray(at, at + exampleBytes);
    },
  };
}
