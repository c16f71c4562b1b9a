import { expect, test } from "vitest";
import { evaluate } from "../graph/evaluate.ts";
import { constant } from "../graph/tensor.ts";
import { conditioned, evaluation } from "../nn/context.ts";
import { guided } from "./sampler.ts";

// arXiv:2207.12598, eq. 6 with w = weight - 1: (1 + w) 5 - w 2.
test.each([
  [0, 2],
  [1, 5],
  [3, 11],
])("guidance of weight %d goes from 2 without a condition to 5 with it, and beyond", (weight, expected) => {
  const context = conditioned(evaluation, { class: constant(1, [1], "int64") });
  const found = guided(({ condition }) => constant(condition ? 5 : 2), constant(weight), context);
  expect(evaluate([found])[0]!.data[0]).toBe(expected);
});
