import { expect, test } from "vitest";
import { float64, numbersOf } from "../../test/values.ts";
import { UnsupportedOpError } from "../errors.ts";
import { grad } from "../graph/grad.ts";
import { square } from "../ops/index.ts";
import { Delta } from "./delta.ts";
import { independent } from "./independent.ts";
import { kl } from "./kl.ts";
import { Normal } from "./normal.ts";

const point = float64([1, -2, 3]);
const delta = new Delta(point);

test("every sample is the point, with variance 0", () => {
  expect(numbersOf(delta.sample([2]))).toEqual([1, -2, 3, 1, -2, 3]);
  expect(numbersOf(delta.mean)).toEqual([1, -2, 3]);
  expect(numbersOf(delta.variance)).toEqual([0]);
});

test("rsample passes the derivative on, sample does not", () => {
  const gradient = (samples: typeof point): number[] => numbersOf(grad(square(samples).sum(), [point])[0]!);
  expect(gradient(delta.rsample([2]))).toEqual([4, -8, 12]);
  expect(gradient(delta.sample([2]))).toEqual([0, 0, 0]);
});

test("what needs a density is refused by name", () => {
  expect(() => delta.logProb()).toThrow(/Delta\.logProb/);
  expect(() => delta.entropy()).toThrow(/Delta\.entropy/);
  expect(() => kl(independent(delta, 1), independent(new Normal(point, 1), 1))).toThrow(UnsupportedOpError);
});
