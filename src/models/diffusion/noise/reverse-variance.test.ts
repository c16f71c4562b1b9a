import { describe, expect, test } from "vitest";
import { noiseValues } from "../../../../test/noise-values.ts";
import { dataSpec } from "../../../data/spec.ts";
import { evaluate } from "../../../graph/evaluate.ts";
import { grad } from "../../../graph/grad.ts";
import { constant, Input, type Tensor } from "../../../graph/tensor.ts";
import { value } from "../../../graph/value.ts";
import { evaluation } from "../../../nn/context.ts";
import { variables } from "../../../nn/module.ts";
import { diffusion } from "../diffusion.ts";
import { logVariance, logVarianceBounds, reverseDivergence } from "./reverse-variance.ts";

const number = (t: Tensor): number => Number(evaluate([t])[0]!.data[0]);
const level = (ratio: number, scale = 1) => ({ alpha: constant(scale), sigma: constant(ratio * scale) });
/** Steps between levels sigma / alpha, and standard deviations of Gaussian data. */
const cases = [
  [3, 1, 0.4],
  [0.5, 0.2, 0.4],
  [0.3, 0.29, 0.8],
] as const;

describe("bounds on the variance of a step", () => {
  test("are beta and beta~ of DDPM's notation, on whatever scale the levels are", () => {
    const [here, next] = [level(0.7), level(0.4)];
    const [alphaBar, before] = [1 / (1 + 0.7 ** 2), 1 / (1 + 0.4 ** 2)];
    const beta = 1 - alphaBar / before;
    for (const bounds of [logVarianceBounds(here, next), logVarianceBounds(level(0.7, 3), level(0.4, 0.1))]) {
      expect(number(bounds.beta)).toBeCloseTo(Math.log(beta), 6);
      expect(number(bounds.posterior)).toBeCloseTo(Math.log((beta * (1 - before)) / (1 - alphaBar)), 6);
    }
  });

  test.each(cases)("from %f to %f hold the variance of Gaussian data of deviation %f", (r, less, std) => {
    const { exact, low, high } = gaussian(r, less, std);
    expect(exact).toBeGreaterThan(low);
    expect(exact).toBeLessThan(high);
  });
});

/** ln of the variance of y' given y for data N(m, std^2), by Bayes' rule, and its bounds. */
function gaussian(r: number, less: number, std: number) {
  const { posterior, beta } = logVarianceBounds(level(r), level(less));
  const variance = ((std ** 2 + less ** 2) * (r ** 2 - less ** 2)) / (std ** 2 + r ** 2);
  return { exact: Math.log(variance / (1 + less ** 2)), low: number(posterior), high: number(beta) };
}

describe("the divergence of a step of the reverse process", () => {
  test.each(cases)("from %f to %f is least at the variance of Gaussian data of deviation %f", (r, less, std) => {
    const { exact, low, high } = gaussian(r, less, std);
    const best = (exact - low) / (high - low);
    // E (n^ - n)^2 of the ideal denoiser: only the square enters.
    const noiseError = constant([Math.sqrt(std ** 2 / (std ** 2 + r ** 2))], [1, 1]);
    const at = (share: number): number => {
      const v = constant([share], [1, 1]);
      return number(reverseDivergence({ here: level(r), next: level(less), v }, noiseError));
    };
    expect(number(logVariance(constant([best], [1, 1]), logVarianceBounds(level(r), level(less))))).toBeCloseTo(
      exact,
      5,
    );
    // There the squares are Sigma in the mean, and what is left is the ratio of variances.
    expect(at(best)).toBeCloseTo((exact - low) / 2, 5);
    for (const other of [0, 1, best - 0.1, best + 0.1]) expect(at(other)).toBeGreaterThan(at(best));
  });
});

test("the variance is learned by an output of its own: the bound moves no mean", () => {
  const config = { process: "ddpm", prediction: "epsilon", variance: "learned", width: 8, depth: 1 };
  const model = diffusion.build(diffusion.config.parse(config), dataSpec([3]));
  const x = new Input("x", [16, 3]);
  const [objective] = model.objectives({ x, fields: {}, labeledFraction: 1, step: constant(1) }, () => evaluation);
  const last = variables(model).get("network.last.weight")!;
  expect(last.shape).toEqual([6, 8]);
  const gradients = [objective!.metrics["lossVariance"]!, objective!.loss].map((of) => grad(of, [last])[0]!);
  const leaves = new Map(noiseValues(gradients, 3));
  leaves.set(
    x,
    value(
      "float32",
      [16, 3],
      Float64Array.from({ length: 48 }, (_, i) => Math.sin(i)),
    ),
  );
  let place = 0;
  for (const v of variables(model).values())
    leaves.set(
      v,
      value(
        "float32",
        v.shape,
        Float64Array.from({ length: v.size }, () => Math.sin(++place) / 2),
      ),
    );
  const [ofBound, ofLoss] = evaluate(gradients, leaves).map(({ data }) => Array.from(data, Number)) as [
    number[],
    number[],
  ];
  const ofMean = (_: number, i: number): boolean => i < 3 * 8;
  expect(ofBound.filter(ofMean).every((v) => v === 0)).toBe(true);
  expect(ofBound.filter((_, i) => !ofMean(_, i)).every((v) => v !== 0)).toBe(true);
  // lambda L_vlb: 0.001 of the metric, which is the sum over a thousand steps.
  ofLoss.forEach((v, i) => {
    if (!ofMean(v, i)) expect(v).toBeCloseTo(0.001 * ofBound[i]!, 6);
    else expect(v).not.toBe(0);
  });
});
