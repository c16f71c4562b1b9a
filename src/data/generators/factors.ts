/** The known generative factors of a dataset, each with so many values, numbered from 0. */
export interface Factors {
  readonly names: readonly string[];
  readonly sizes: readonly number[];
  /** Names of those whose values are kinds, not quantities. */
  readonly kinds: readonly string[];
  /** Number of combinations. */
  readonly count: number;
  /** The factors' values in an example. */
  of(example: number): readonly number[];
  /** The example with these values. */
  exampleWith(values: readonly number[]): number;
}

/** Factors of which every combination occurs once, in order, the last running fastest. */
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
