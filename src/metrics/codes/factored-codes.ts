import { ConfigError } from "../../errors.ts";
import type { Stream } from "../../random/index.ts";

/** Codes of examples with known generative factors. */
export interface FactoredCodes {
  /** [count, latentDim]. */
  readonly codes: ArrayLike<number>;
  readonly latentDim: number;
  readonly factors: readonly FactorValues[];
}

/** The values of one factor, one per example. */
export interface FactorValues {
  readonly name: string;
  readonly values: ArrayLike<number>;
  /** Whether the values are ordinal (quantities), not categorical. */
  readonly ordered: boolean;
}

/** Number of examples. Throws ConfigError where codes and factors do not match, or a factor is constant. */
export function countCodes(where: string, { codes, latentDim, factors }: FactoredCodes): number {
  const count = codes.length / latentDim;
  const fail = (what: string, got: string | number, expected: string): ConfigError =>
    new ConfigError(`${where}: ${what}, got ${got}, expected ${expected}`);
  if (!Number.isInteger(count) || count < 2)
    throw fail("not two codes or more", `${codes.length} numbers`, `a multiple of ${latentDim}`);
  if (factors.length < 2) throw fail("too few factors", `${factors.length} factors`, "two or more");
  for (const { name, values } of factors) {
    if (values.length !== count) throw fail(`${name} is not known of every example`, values.length, `${count} values`);
    if (Array.prototype.every.call(values, (value) => value === values[0]))
      throw fail(`${name} does not vary`, "one value", "two or more");
  }
  for (let i = 0; i < codes.length; i++)
    if (!Number.isFinite(codes[i])) throw fail("a code is not finite", codes[i]!, "numbers");
  return count;
}

/** For each factor, the example indices of each of its values. */
export type Groups = readonly (readonly Uint32Array[])[];

/** The fewest examples that a factor value needs to be used. */
export const leastGroup = 10;

/** Examples grouped by the values of each factor, without values of fewer than `leastGroup` examples. Throws ConfigError if none is left. */
export function groupsOf(where: string, { factors }: FactoredCodes): Groups {
  return factors.map(({ name, values }) => {
    const groups = new Map<number, number[]>();
    for (let i = 0; i < values.length; i++) {
      const group = groups.get(values[i]!);
      if (group) group.push(i);
      else groups.set(values[i]!, [i]);
    }
    const all = [...groups.values()];
    const large = all.filter((group) => group.length >= leastGroup);
    if (large.length === 0)
      throw new ConfigError(
        `${where}: too few examples with the same ${name}, got at most ${Math.max(...all.map((g) => g.length))}, expected ${leastGroup} or more`,
      );
    return large.map((group) => Uint32Array.from(group));
  });
}

/** Two distinct elements of two or more, uniformly at random. An element paired with itself would tell small groups from large ones. */
export function twoOf(from: Uint32Array, random: Stream): readonly [number, number] {
  const first = random.int(from.length);
  const second = (first + 1 + random.int(from.length - 1)) % from.length;
  return [from[first]!, from[second]!];
}

/** One element, uniformly at random. */
export const oneOf = (from: Uint32Array, random: Stream): number => from[random.int(from.length)]!;
