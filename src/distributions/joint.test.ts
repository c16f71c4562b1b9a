import { describe, expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { oneHot, slice } from "../ops/index.ts";
import { Categorical } from "./categorical.ts";
import { independent } from "./independent.ts";
import { Joint } from "./joint.ts";
import { Normal } from "./normal.ts";
import { OneHotCategorical } from "./one-hot-categorical.ts";

const real = (data: readonly number[], shape: readonly number[]): Tensor => constant(data, shape, "float64");
const numbers = (t: Tensor): number[] => Array.from(evaluate([t])[0]!.data, Number);
const logits = real([0.5, -1, 2, 0, 0, 0], [2, 3]);

describe("OneHotCategorical", () => {
  const d = new OneHotCategorical(logits);
  const classes = new Categorical(logits);

  test("is Categorical with its values written as one-hot vectors", () => {
    const x = constant([2, 0], [2], "int64");
    const expected = numbers(classes.logProb(x));
    numbers(d.logProb(oneHot(x, 3, "float64"))).forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 14));
    expect(numbers(d.entropy())).toEqual(numbers(classes.entropy()));
  });

  test("has the variance p (1 - p) of each class", () => {
    const probs = numbers(classes.probs);
    numbers(d.variance).forEach((v, i) => expect(v).toBeCloseTo(probs[i]! * (1 - probs[i]!), 12));
  });

  test("samples vectors with a single 1, as often as their probability says", () => {
    const samples = d.sample([4000]);
    const { data } = evaluate([samples], noiseValues([samples], 1))[0]!;
    const probs = numbers(classes.probs);
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < data.length; i += 3) {
      expect(data.slice(i, i + 3).toSorted()).toEqual(Float64Array.of(0, 0, 1));
      for (let k = 0; k < 3; k++) counts[(i % 6) + k]! += data[i + k]!;
    }
    probs.forEach((p, i) => expect(Math.abs(counts[i]! / 4000 - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 4000)));
  });
});

describe("Joint", () => {
  const left = independent(new Normal(real([1, -2], [2]).broadcastTo([2, 2]), real([0.5, 3], [2])), 1);
  const right = new OneHotCategorical(logits);
  const joint = new Joint([left, right]);

  test("is one vector as long as its parts together", () => {
    expect(joint.shape).toEqual([2, 5]);
    expect(joint.eventRank).toBe(1);
  });

  test("adds what its parts say of their own columns", () => {
    const x = real([0.3, 4, 0, 1, 0, -1, 2, 0, 0, 1], [2, 5]);
    const apart = left.logProb(real([0.3, 4, -1, 2], [2, 2])).add(right.logProb(real([0, 1, 0, 0, 0, 1], [2, 3])));
    expect(numbers(joint.logProb(x))).toEqual(numbers(apart));
    expect(numbers(joint.entropy())).toEqual(numbers(left.entropy().add(right.entropy())));
    expect(numbers(slice(joint.mean, -1, 0, 2))).toEqual([1, -2, 1, -2]);
    expect(numbers(slice(joint.variance, -1, 0, 2))).toEqual([0.25, 9, 0.25, 9]);
  });

  // Three examples of four codes each, of one distribution.
  test("of single vectors takes examples of any batch shape", () => {
    const single = new Joint([
      independent(new Normal(real([1, -2], [2]), 1), 1),
      new OneHotCategorical(real([0, Math.log(3)], [2])),
    ]);
    expect(single.shape).toEqual([4]);
    const x = Array.from({ length: 12 }, (_, i) => [i, -i, Number(i % 2 === 0), i % 2]);
    const found = single.logProb(real(x.flat(), [3, 4, 4]));
    expect(found.shape).toEqual([3, 4]);
    numbers(found).forEach((logProb, i) => {
      const squares = (i - 1) ** 2 + (-i + 2) ** 2;
      expect(logProb).toBeCloseTo(-squares / 2 - Math.log(2 * Math.PI) + Math.log(i % 2 === 0 ? 1 / 4 : 3 / 4), 12);
    });
    expect(single.sample([3, 4]).shape).toEqual([3, 4, 4]);
  });

  test("samples its parts side by side", () => {
    const samples = joint.sample([500]);
    expect(samples.shape).toEqual([500, 2, 5]);
    const { data } = evaluate([samples], noiseValues([samples], 1))[0]!;
    let second = 0;
    for (let i = 0; i < data.length; i += 5) {
      expect(data[i + 2]! + data[i + 3]! + data[i + 4]!).toBe(1);
      second += data[i + 1]! / 1000;
    }
    // The mean of 1000 samples of N(-2, 9).
    expect(Math.abs(second + 2)).toBeLessThan(4 * (3 / Math.sqrt(1000)));
  });

  test("refuses parts that cannot be concatenated", () => {
    expect(() => new Joint([left, new OneHotCategorical(real([0, 0], [1, 2]))])).toThrow(
      "Joint: parts cannot be concatenated, got Independent Normal [2,2] of event rank 1, OneHotCategorical [1,2] of event rank 1, expected vectors",
    );
  });
});
