import { expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant } from "../../graph/tensor.ts";
import type { Value } from "../../graph/value.ts";
import { sampleSymbols } from "./symbol-sampling.ts";

const probabilities = [0.1, 0.4, 0.3, 0.2];
const count = 20_000;

/** How often each symbol is sampled. */
function frequencies(temperature: number, topP?: number): number[] {
  const logits = constant(probabilities.map(Math.log), [4]).broadcastTo([count, 4]);
  const symbols = sampleSymbols(logits, {
    temperature: constant(temperature),
    ...(topP !== undefined && { topP: constant(topP) }),
  });
  const [{ data }] = evaluate([symbols], new Map(noiseValues([symbols], 2))) as [Value];
  return probabilities.map((_, k) => Array.from(data, Number).filter((s) => s === k).length / count);
}

test.each([
  ["at temperature 1, as they are", 1, undefined, probabilities],
  ["at temperature 1/2, in proportion to their squares", 0.5, undefined, [1 / 30, 16 / 30, 9 / 30, 4 / 30]],
  ["at temperature 0, the likeliest", 0, undefined, [0, 1, 0, 0]],
  // 0.4 + 0.3 reach 0.7; the next one begins there.
  ["of a nucleus of 0.69, in proportion", 1, 0.69, [0, 4 / 7, 3 / 7, 0]],
  ["of a nucleus of 0.75, with the symbol that reaches it", 1, 0.75, [0, 4 / 9, 3 / 9, 2 / 9]],
  ["of a nucleus of next to nothing, the likeliest", 1, 1e-6, [0, 1, 0, 0]],
] as const)("symbols are sampled %s", (_, temperature, topP, expected) => {
  // Four standard deviations.
  frequencies(temperature, topP).forEach((p, k) =>
    expect(Math.abs(p - expected[k]!)).toBeLessThan(4 * Math.sqrt(0.25 / count)),
  );
});
