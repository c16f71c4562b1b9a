/**
 * Throws Error where what Thrift's compact protocol claims is more than the bytes that it has: hyparquet (1.31) makes room for as many items
 * as a list claims, and reads numbers without end.
 */

const TYPES = { byte: 3, double: 7, binary: 8, list: 9, struct: 12 } as const;
/** Structures within structures: those of Parquet go less deep. */
const MOST_DEEP = 32;
/** What the objects of hyparquet weigh, of which a byte may make one, in numbers; and of all of them: 100,000 columns in groups of rows. */
const WEIGHT: Readonly<Record<number, number>> = { [TYPES.binary]: 8, [TYPES.list]: 4, [TYPES.struct]: 8 };
/** More for an item of a list: it makes an object of the schema whatever it is. */
const ITEM = 2;
const MOST_WEIGHT = 2 ** 24;
/** Bytes of a number of 64 bits. */
const LONGEST_NUMBER = 10;

/** Where the structure that begins at `from` ends. */
export function structureEnd(view: DataView, from: number): number {
  let at = from;
  let weight = 0;
  const skip = (bytes: number): void => {
    if (bytes > view.byteLength - at) throw new Error(`${bytes} bytes claimed, with ${view.byteLength - at} left`);
    at += bytes;
  };
  const byte = (): number => {
    skip(1);
    return view.getUint8(at - 1);
  };
  const number = (): number => {
    let value = 0;
    for (let i = 0; i < LONGEST_NUMBER; i++) {
      const next = byte();
      value += (next & 0x7f) * 2 ** (7 * i);
      if (next < 0x80) return value;
    }
    throw new Error(`a number of more than ${LONGEST_NUMBER} bytes`);
  };
  const element = (type: number, depth: number, inList: boolean): void => {
    weight += (WEIGHT[type] ?? 1) + (inList ? ITEM : 0);
    if (weight > MOST_WEIGHT) throw new Error(`more values than ${MOST_WEIGHT} numbers weigh`);
    if (depth > MOST_DEEP) throw new Error(`structures within structures, more than ${MOST_DEEP} deep`);
    // True and false are types of fields, and bytes in lists.
    if (type < TYPES.byte) skip(inList ? 1 : 0);
    else if (type === TYPES.byte) skip(1);
    else if (type < TYPES.double) number();
    else if (type === TYPES.double) skip(8);
    else if (type === TYPES.binary) skip(number());
    else if (type === TYPES.list) list(depth + 1);
    else if (type === TYPES.struct) structure(depth + 1);
    else throw new Error(`a value of type ${type}`);
  };
  const list = (depth: number): void => {
    const head = byte();
    const items = head >> 4 === 15 ? number() : head >> 4;
    // Each takes a byte at least.
    if (items > view.byteLength - at) throw new Error(`a list of ${items} items in ${view.byteLength - at} bytes`);
    for (let i = 0; i < items; i++) element(head & 15, depth, true);
  };
  const structure = (depth: number): void => {
    for (let head = byte(); (head & 15) !== 0; head = byte()) {
      if (head >> 4 === 0) number();
      element(head & 15, depth, false);
    }
  };
  structure(0);
  return at;
}
