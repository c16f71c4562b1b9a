/** Layout of examples on disk: examples per block, and the number of blocks kept in memory. */
export interface Blocks {
  /** Examples per block; the last block may have fewer. */
  readonly size: number;
  readonly held: number;
}

/** Bytes per block: small enough to read for one example, large enough that random access is cheap. */
const BLOCK_BYTES = 2 ** 16;
/** Bytes of all cached blocks: the window within which examples are shuffled. */
const HELD_BYTES = 2 ** 27;

/** Block layout for examples of `exampleBytes` bytes. */
export function blocksOf(exampleBytes: number, held = HELD_BYTES): Blocks {
  const size = Math.max(1, Math.floor(BLOCK_BYTES / exampleBytes));
  return { size, held: Math.max(2, Math.floor(held / (size * exampleBytes))) };
}

/** Least-recently-used cache of `most` blocks. */
export class BlockCache<Block> {
  readonly #most: number;
  readonly #load: (index: number, instead: Block | undefined) => Block;
  /** In order of use, least recent first. */
  readonly #blocks = new Map<number, Block>();
  #last: { readonly index: number; readonly block: Block } | undefined;

  /** `load` may reuse the memory of `instead`, an evicted block. */
  constructor(most: number, load: (index: number, instead: Block | undefined) => Block) {
    this.#most = most;
    this.#load = load;
  }

  /** The block at an index, valid until the next call. */
  block(index: number): Block {
    if (this.#last?.index === index) return this.#last.block;
    let block = this.#blocks.get(index);
    if (block === undefined) {
      const oldest = this.#blocks.size < this.#most ? undefined : this.#blocks.keys().next().value;
      const instead = oldest === undefined ? undefined : this.#blocks.get(oldest);
      if (oldest !== undefined) this.#blocks.delete(oldest);
      block = this.#load(index, instead);
    } else this.#blocks.delete(index);
    this.#blocks.set(index, block);
    this.#last = { index, block };
    return block;
  }
}
