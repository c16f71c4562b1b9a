/** Examples that lie together on a disk, and how many such blocks of them memory holds at a time. */
export interface Blocks {
  /** Examples in a block; the last one may have fewer. */
  readonly size: number;
  readonly held: number;
}

/** Bytes of a block: few enough to be read for one example, enough that reading them in any order costs little. */
const BLOCK_BYTES = 2 ** 16;
/** Bytes of all blocks held: what examples are shuffled within. */
const HELD_BYTES = 2 ** 27;

/** The blocks of examples of so many bytes each. */
export function blocksOf(exampleBytes: number, held = HELD_BYTES): Blocks {
  const size = Math.max(1, Math.floor(BLOCK_BYTES / exampleBytes));
  return { size, held: Math.max(2, Math.floor(held / (size * exampleBytes))) };
}

/** The blocks used last, `most` of them; a block that is not there takes the place of the one used longest ago. */
export class BlockCache<Block> {
  readonly #most: number;
  readonly #load: (index: number, instead: Block | undefined) => Block;
  /** In the order of use. */
  readonly #blocks = new Map<number, Block>();
  #last: { readonly index: number; readonly block: Block } | undefined;

  /** `load` may put what it loads into `instead`, which is no longer needed. */
  constructor(most: number, load: (index: number, instead: Block | undefined) => Block) {
    this.#most = most;
    this.#load = load;
  }

  /** A block, valid until the next is asked for. */
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
