import { ConfigError } from "../../errors.ts";
import type { Stream } from "../../random/index.ts";

/** Codes of examples whose generative factors are known. */
export interface FactoredCodes {
  /** [count, latentDim]. */
  readonly codes: ArrayLike<number>;
  readonly latentDim: number;
  readonly factors: readonly FactorValues[];
}

/** What a factor is in each example. */
export interface FactorValues {
  readonly name: string;
  readonly values: ArrayLike<number>;
  /** Whether its values are quantities, not names of kinds. */
  readonly ordered: boolean;
}

/** The number of examples. Throws ConfigError where codes and factors do not fit together, or a factor does not vary. */
export function countCodes(where: string, { codes, latentDim, factors }: FactoredCodes): number {
  const count = codes.length / latentDim;
  const fail = (what: string, got: string | number, expected: string): ConfigError =>
    new ConfigError(`${where}: ${what}, got ${got}, expected ${expected}`);
  if (!Number.isInteger(count) || count < 2)
    throw fail("not two codes or more", `${codes.length} numbers`, `a multiple of ${latentDim}`);
  if (factors.length < 2) throw fail("nothing to tell apart", `${factors.length} factors`, "two or more");
  for (const { name, values } of factors) {
    if (values.length !== count) throw fail(`${name} is not known of every example`, values.length, `${count} values`);
    if (Array.prototype.every.call(values, (value) => value === values[0]))
      throw fail(`${name} does not vary`, "one value", "two or more");
  }
  for (let i = 0; i < codes.length; i++)
    if (!Number.isFinite(codes[i])) throw fail("a code is not finite", codes[i]!, "numbers");
  return count;
}

/** Of each factor, the examples with each of its values. */
export type Groups = readonly (readonly Uint32Array[])[];

/** Examples that a value must have in common to stand for all that could have it. */
export const leastGroup = 10;

/** Examples by the values of each factor; values of fewer than `leastGroup` are left out. Throws ConfigError where none is left. */
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

/** One of several, each as likely. */
export const oneOf = (from: Uint32Array, draws: Stream): number => from[draws.int(from.length)]!;
