import { evaluate } from "../src/graph/evaluate.ts";
import type { Tensor } from "../src/graph/tensor.ts";
import type { Value } from "../src/graph/value.ts";
import { noiseValues } from "./noise-values.ts";

/**
 * Importance-weighted bounds of two examples from 1, 5 and 50 samples of z each: the mean over the groups that 10,000 samples make.
 * `logWeights` gives those of so many samples, [samples, 2].
 */
export const boundsBySamples = (
  logWeights: (samples: number) => Tensor,
  leaves: ReadonlyMap<Tensor, Value>,
): readonly (readonly number[])[] =>
  [1, 5, 50].map((k) => {
    const groups = 10_000 / k;
    const all = logWeights(k * groups);
    const [found] = evaluate([all], new Map([...leaves, ...noiseValues([all], 4)]));
    return [0, 1].map((i) => {
      let sum = 0;
      for (let g = 0; g < groups; g++) {
        let weight = 0;
        for (let n = 0; n < k; n++) weight += Math.exp(found!.data[2 * (g * k + n) + i]!);
        sum += Math.log(weight / k);
      }
      return sum / groups;
    });
  });
