/** Known generative factors of a dataset; the values of each are numbered from 0. */
export interface Factors {
  readonly names: readonly string[];
  readonly sizes: readonly number[];
  /** Names of the categorical factors; the others are ordinal. */
  readonly kinds: readonly string[];
  /** Number of combinations. */
  readonly count: number;
  /** The factor values of an example. */
  of(example: number): readonly number[];
  /** The example with the given factor values. */
  exampleWith(values: readonly number[]): number;
}

/** Factors of which every combination occurs once, in row-major order (the last factor varies fastest). */
export function gridFactors(sizes: Readonly<Record<string, number>>, kinds: readonly string[] = []): Factors {
  const extents = Object.values(sizes);
  return {
    names: Object.keys(sizes),
    sizes: extents,
    kinds,
    count: extents.reduce((product, extent) => product * extent, 1),
    of(example) {
      const values = extents.map(() => 0);
      let rest = example;
      for (let i = extents.length - 1; i >= 0; i--) {
        values[i] = rest % extents[i]!;
        rest = Math.floor(rest / extents[i]!);
      }
      return values;
    },
    exampleWith: (values) => extents.reduce((example, extent, i) => example * extent + values[i]!, 0),
  };
}
