import { describe, expect, test } from "vitest";
import { LongTraining } from "./long-training.ts";

/** The warnings of training whose steps take so long, the first of them a minute. */
function warnings(steps: number, stepMs: number, from = 0): readonly (readonly [step: number, warning: string])[] {
  let ms = 60_000;
  const training = new LongTraining(steps, () => ms);
  return Array.from({ length: Math.min(100, steps - from) }, (_, i) => {
    if (i > 0) ms += stepMs;
    return [from + i + 1, training.after(from + i + 1)] as const;
  }).flatMap(([step, warning]) => (warning === undefined ? [] : [[step, warning] as const]));
}

describe("the time of training", () => {
  test("is told after twenty steps, once, where it is over ten minutes", () => {
    expect(warnings(12_021, 200)).toEqual([
      [
        21,
        "this takes about 40m00s: 12000 more steps at 5 a second, unless validation ends it sooner; --steps 3000 takes about 10m00s, as do fewer --epochs",
      ],
    ]);
  });

  test("is not told of less, nor of what is left of a run that is resumed", () => {
    expect(warnings(3021, 200)).toEqual([]);
    expect(warnings(12_021, 200, 9000)).toEqual([]);
    expect(warnings(1, 200)).toEqual([]);
  });

  test("is told sooner where steps are slow, and the first does not count", () => {
    expect(warnings(1000, 6000).map(([step, warning]) => [step, warning.slice(0, 27)])).toEqual([
      [3, "this takes about 1h39m: 997"],
    ]);
    expect(warnings(1000, 600)).toEqual([]);
  });
});
