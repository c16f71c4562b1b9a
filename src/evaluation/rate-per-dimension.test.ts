import { expect, test } from "vitest";
import { Delta } from "../distributions/delta.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { independent } from "../distributions/independent.ts";
import { Normal } from "../distributions/normal.ts";
import { evaluate } from "../graph/evaluate.ts";
import { constant } from "../graph/tensor.ts";
import type { Latent } from "../models/latent.ts";
import type { Model } from "../models/model.ts";
import { evaluation } from "../nn/context.ts";
import { ratePerDimension } from "./rate-per-dimension.ts";

const x = constant([0, 0], [2, 1]);
const standard = (count: number) => independent(new Normal(constant(0).broadcastTo([count, 3]), 1), 1);
const code: Latent = { name: "z", shape: [3], dtype: "float32", prior: (_, count) => standard(count) };
const model = (q: () => Distribution): Model => ({
  objectives: () => [],
  encode: () => ({ z: q() }),
  latents: [code],
});

test("is KL(N(m, s^2) || N(0, 1)) = (s^2 + m^2 - 1) / 2 - log s of each dimension", () => {
  const mean = constant([0, 1, 2, 0, 0, 0], [2, 3]);
  const std = constant([1, 1, 1, 1, 2, 0.5], [2, 3]);
  const rates = ratePerDimension(
    model(() => independent(new Normal(mean, std), 1)),
    x,
    evaluation,
  );
  const [found] = evaluate([rates!]);
  expect(found!.shape).toEqual([2, 3]);
  const expected = [0, 0.5, 2, 0, 1.5 - Math.log(2), -0.375 + Math.log(2)];
  [...found!.data].forEach((rate, i) => expect(rate).toBeCloseTo(expected[i]!, 6));
});

test.each([
  ["a posterior that is not independent over dimensions", model(() => new Normal(constant(0).broadcastTo([2, 3]), 1))],
  ["a posterior that is a point", model(() => independent(new Delta(constant(0).broadcastTo([2, 3])), 1))],
  ["a model without codes", { objectives: () => [] }],
  [
    "a latent below another, whose prior depends on that one",
    {
      ...model(() => independent(new Normal(constant(0).broadcastTo([2, 3]), 1), 1)),
      latents: [{ ...code, name: "top" }, code],
      code: "z",
    },
  ],
])("has no parts for %s", (_, without) => {
  expect(ratePerDimension(without, x, evaluation)).toBeUndefined();
});
