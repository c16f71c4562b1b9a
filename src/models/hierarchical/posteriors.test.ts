import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../test/noise-values.ts";
import { kl } from "../../distributions/kl.ts";
import { Normal } from "../../distributions/normal.ts";
import { evaluate } from "../../graph/evaluate.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { posteriorForms, posteriorNames } from "./posteriors.ts";

const numbers = (t: Tensor, values?: Map<Tensor, never>): number[] =>
  Array.from(evaluate([t], values)[0]!.data, Number);
const row = (...values: readonly number[]): Tensor => constant(values, [values.length]);
const e = new Normal(row(0.7, -1.2, 0, 2), { logVar: row(-0.4, 0.8, -2, 0.3) });
const p = new Normal(row(-0.3, 0.5, 1, 1.5), { logVar: row(0.2, -1, 0.6, 0) });

describe.each(posteriorNames)("%s", (name) => {
  test("its rate is E_q[log q - log p]", () => {
    const { q, rate } = posteriorForms[name](e, p);
    const samples = 10_000;
    const z = q.rsample([samples]);
    const ratio = q.logProb(z).sub(p.logProb(z));
    const [found] = evaluate([ratio], noiseValues([ratio], 1));
    numbers(rate).forEach((exact, i) => {
      const each = found!.data.filter((_, k) => k % 4 === i);
      const mean = each.reduce((sum, v) => sum + v, 0) / samples;
      const variance = each.reduce((sum, v) => sum + (v - mean) ** 2, 0) / samples;
      expect(Math.abs(mean - exact)).toBeLessThan(4 * Math.sqrt(variance / samples) + 1e-6);
      expect(exact).toBeGreaterThan(0.01);
    });
  });
});

test("residual: the rate is that of any two Gaussians, and 0 where nothing is added to the prior", () => {
  const { q, rate } = posteriorForms.residual(e, p);
  numbers(rate.sub(kl(q, p))).forEach((difference) => expect(difference).toBeCloseTo(0, 5));
  const none = posteriorForms.residual(new Normal(row(0, 0, 0, 0), { logVar: row(0, 0, 0, 0) }), p);
  expect(numbers(none.rate)).toEqual([0, 0, 0, 0]);
});

test("residual: the rate of means that differ by little of much is not lost in their difference", () => {
  const far = new Normal(row(1e6), { logVar: row(0) });
  const { rate } = posteriorForms.residual(new Normal(row(0.01), { logVar: row(0) }), far);
  expect(numbers(rate)[0]! / 5e-5).toBeCloseTo(1, 4);
});

test("combined: its density is the product of both, up to a factor", () => {
  const { q } = posteriorForms.combined(e, p);
  const factor = (z: number): number[] =>
    numbers(
      q
        .logProb(constant(z))
        .sub(e.logProb(constant(z)))
        .sub(p.logProb(constant(z))),
    );
  const at0 = factor(0);
  for (const z of [-3, 1, 4]) factor(z).forEach((v, i) => expect(v).toBeCloseTo(at0[i]!, 4));
});

test("combined: the precision is the sum of both, also where one is many orders of magnitude the other", () => {
  const both = posteriorForms.combined(
    new Normal(row(1, 1, 1), { logVar: row(60, -60, 0) }),
    new Normal(row(5, 5, 5), { logVar: row(0, 0, 0) }),
  ).q;
  expect(numbers(both.mean).map((v) => Number(v.toFixed(5)))).toEqual([5, 1, 3]);
  [0, -60, -Math.LN2].forEach((logVar, i) => expect(numbers(both.logVar)[i]).toBeCloseTo(logVar, 4));
});
