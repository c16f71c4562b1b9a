import { describe, expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import { print } from "../graph/print.ts";
import { constant, Input, type Tensor } from "../graph/tensor.ts";
import { stack } from "../ops/index.ts";
import { stream } from "../random/index.ts";
import {
  Bernoulli,
  Categorical,
  type Distribution,
  independent,
  kl,
  Laplace,
  Logistic,
  Mixture,
  Normal,
  Uniform,
} from "./index.ts";

const real = (x: number): Tensor => constant(x, [], "float64");
const number = (t: Tensor): number => evaluate([t])[0]!.data[0]!;

const classes = (...logits: number[]): Categorical => new Categorical(constant(logits, [logits.length], "float64"));

// torch 2.13: torch.distributions.kl_divergence in float64.
test.each<[string, Distribution, Distribution, number]>([
  ["Normal", new Normal(real(0.3), 1.7), new Normal(real(-0.5), 0.9), 1.0430235789590157],
  [
    "Normal by logVar against N(0, 1)",
    new Normal(real(0.3), { logVar: 0.7 }),
    new Normal(real(0), 1),
    0.2018763537352381,
  ],
  ["Laplace", new Laplace(real(0.3), 1.7), new Laplace(real(-0.5), 0.9), 0.4327657195027439],
  ["Uniform", new Uniform(real(0.3), 1.7), new Uniform(real(-0.5), 2.9), 0.8873031950009029],
  ["Bernoulli", new Bernoulli(real(0.8)), new Bernoulli(real(-1.3)), 0.5188541982532008],
  ["Categorical", classes(0.5, -1, 2), classes(0.1, 0.7, -0.4), 0.9799128088833465],
])("KL of %s agrees with torch", (_, q, p, expected) => {
  expect(number(kl(q, p))).toBeCloseTo(expected, 10);
});

const families: readonly { name: string; make: (value: () => number) => Distribution }[] = [
  { name: "Normal", make: (value) => new Normal(real(value()), { logVar: value() }) },
  { name: "Bernoulli", make: (value) => new Bernoulli(real(value())) },
  { name: "Categorical", make: (value) => new Categorical(stack([real(value()), real(value()), real(value())])) },
  { name: "Laplace", make: (value) => new Laplace(real(value()), Math.exp(value() / 2)) },
  {
    name: "Independent Normal",
    make: (value) => independent(new Normal(stack([real(value()), real(value())]), Math.exp(value() / 2)), 1),
  },
];

describe.each(families)("$name", ({ name, make }) => {
  const random = stream(3, name);
  const value = (): number => 3 * random.uniform() - 1.5;

  test("the closed form is the average of log q(x) - log p(x), not negative, and 0 at equality", () => {
    for (let trial = 0; trial < 4; trial++) {
      const [q, p] = [make(value), make(value)];
      const x = q.sample([20_000]);
      const difference = q.logProb(x).sub(p.logProb(x));
      const samples = evaluate([difference], noiseValues([difference], trial))[0]!.data;
      const mean = samples.reduce((a, b) => a + b, 0) / samples.length;
      const deviation = Math.sqrt(samples.reduce((a, b) => a + (b - mean) ** 2, 0) / samples.length);
      const closed = number(kl(q, p));
      expect(Math.abs(closed - mean)).toBeLessThan((4 * deviation) / Math.sqrt(samples.length));
      expect(closed).toBeGreaterThan(0);
      expect(Math.abs(number(kl(q, q)))).toBeLessThan(1e-12);
    }
  });
});

test("a uniform that reaches outside another is infinitely far from it", () => {
  expect(number(kl(new Uniform(real(0), 2), new Uniform(real(0), 1)))).toBe(Infinity);
});

test("independent divergences add up over the event axes", () => {
  const mean = new Input("mean", [5, 3]);
  const q = new Normal(mean, 2);
  const p = new Normal(0, 1);
  expect(kl(independent(q, 1), independent(p, 1))).toBe(kl(q, p).sum(-1));
  expect(() => kl(independent(q, 2), independent(p, 1))).toThrow("kl: events differ, got 2 and 1 event axes");
});

test("a pair without a closed form is refused by name", () => {
  const mixture = new Mixture(constant([0, 0], [2]), new Normal(constant([0, 1], [2]), 1));
  expect(() => kl(mixture, new Normal(0, 1))).toThrow("KL(Mixture of Normal || Normal)");
  expect(() => kl(new Logistic(0, 1), new Logistic(0, 1))).toThrow("kl: no closed form, got KL(Logistic || Logistic)");
  expect(() => kl(independent(new Normal(0, 1), 1), new Normal(0, 1))).toThrow("KL(Independent Normal || Normal)");
});

test("against N(0, 1) it is 1/2 (e^logVar + mean^2 - 1 - logVar), with derivatives mean and (e^logVar - 1) / 2", () => {
  const mean = new Input("mean", [8, 4]);
  const logVar = new Input("logVar", [8, 4]);
  const rate = kl(new Normal(mean, { logVar }), new Normal(0, 1));
  expect(print([rate])).toMatchInlineSnapshot(`
    "logVar: float32[8,4] = input
    %1: float32[8,4] = Exp(logVar)
    mean: float32[8,4] = input
    %3: float32[8,4] = Mul(mean, mean)
    %4: float32[8,4] = Add(%1, %3)
    %5: float32[8,4] = Add(logVar, 1)
    %6: float32[8,4] = Sub(%4, %5)
    %7: float32[8,4] = Mul(%6, 0.5)
    return %7"
  `);
  expect(print(grad(rate.sum(), [mean, logVar]))).toMatchInlineSnapshot(`
    "mean: float32[8,4] = input
    logVar: float32[8,4] = input
    %2: float32[8,4] = Exp(logVar)
    %3: float32[8,4] = Mul(%2, 0.5)
    %4: float32[8,4] = Add(-0.5, %3)
    return mean, %4"
  `);
});
