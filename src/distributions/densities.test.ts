import { describe, expect, test } from "vitest";
import { noiseValues } from "../../test/noise-values.ts";
import { interval, integrate } from "../../test/quadrature.ts";
import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import { print } from "../graph/print.ts";
import { constant, Input, type Tensor } from "../graph/tensor.ts";
import { value } from "../graph/value.ts";
import { stack } from "../ops/index.ts";
import { compute } from "../runtime/compute.ts";
import { cpuDevice } from "../runtime/node.ts";
import { digamma, logGamma } from "./gamma.ts";
import {
  Bernoulli,
  Categorical,
  DiscretizedLogistic,
  type Distribution,
  independent,
  Laplace,
  Logistic,
  kl,
  Mixture,
  Normal,
  OneHotCategorical,
  RelaxedCategorical,
  StudentT,
  Uniform,
} from "./index.ts";

const real = (
  data: number | readonly number[],
  shape: readonly number[] = typeof data === "number" ? [] : [data.length],
) => constant(data, shape, "float64");
const number = (t: Tensor): number => evaluate([t])[0]!.data[0]!;
const classes = real([0.5, -1, 2]);

// scipy 1.17: stats.<family>.logpdf and entropy; the relaxed one from torch 2.13.
const known: readonly [name: string, d: Distribution, x: Tensor, logProb: number, entropy?: number][] = [
  ["Normal", new Normal(real(0.3), 1.7), real(2.1), -2.010120417484836, 1.949566784266843],
  ["Laplace", new Laplace(real(0.3), 1.7), real(-2.1), -2.6355401375044685, 2.2237754316221157],
  ["Logistic", new Logistic(real(0.3), 0.7), real(2.1), -2.362046749055283, 1.6433250560612676],
  ["StudentT", new StudentT(3.5, real(0.3), 1.7), real(2.1), -2.145312438191657, 2.251518371744637],
  ["Uniform", new Uniform(real(-1), 1.5), real(0.3), -0.9162907318741551, 0.9162907318741551],
  ["Uniform outside", new Uniform(real(-1), 1.5), real(1.6), -Infinity],
  ["Bernoulli 1", new Bernoulli(real(0.8)), real(1), -0.37110066594777763, 0.6191210810456877],
  ["Bernoulli 0", new Bernoulli(real(0.8)), real(0), -1.1711006659477778],
  ["Categorical", new Categorical(classes), constant(2, [], "int64"), -0.24131129665715703, 0.6215846046792745],
  ["Mixture", new Mixture(real([1, 0]), new Normal(real([-1, 2]), real([0.5, 1.5]))), real(0.4), -2.955181084286222],
  ["RelaxedCategorical", new RelaxedCategorical(classes, 0.7), real([0.2, 0.3, 0.5]), -1.2209317113400582],
];
test.each(known)("%s agrees with scipy", (_, d, x, logProb, entropy) => {
  const found = number(d.logProb(x));
  if (logProb === -Infinity) expect(found).toBe(logProb);
  else expect(found).toBeCloseTo(logProb, 11);
  if (entropy !== undefined) expect(number(d.entropy())).toBeCloseTo(entropy, 11);
});

test("a number beside a tensor takes its dtype, two numbers are float32", () => {
  const dtypes = (mean: number | Tensor, std: number | Tensor): readonly string[] => {
    const d = new Normal(mean, std);
    return [d.mean.dtype, d.std.dtype];
  };
  expect(dtypes(0, 1)).toEqual(["float32", "float32"]);
  expect(dtypes(real(0), 1)).toEqual(["float64", "float64"]);
  expect(dtypes(0, real(1))).toEqual(["float64", "float64"]);
});

describe("a class with a logit of minus infinity", () => {
  // exp(-log 4) and 3/4 for the other two.
  const logits = [-Infinity, 0, Math.log(3)];
  const d = new Categorical(real(logits));
  const q = new Categorical(real([-Infinity, 0, 0]));

  test("has no probability, and the others theirs", () => {
    const logProbs = [0, 1, 2].map((k) => number(d.logProb(constant(k, [], "int64"))));
    expect(logProbs[0]).toBe(-Infinity);
    expect(logProbs[1]).toBeCloseTo(Math.log(1 / 4), 12);
    expect(logProbs[2]).toBeCloseTo(Math.log(3 / 4), 12);
    const oneHot = new OneHotCategorical(real(logits));
    expect(number(oneHot.logProb(real([0, 0, 1])))).toBeCloseTo(Math.log(3 / 4), 12);
    expect(number(oneHot.logProb(real([1, 0, 0])))).toBe(-Infinity);
  });

  test("adds nothing to the entropy, nor to a divergence", () => {
    expect(number(d.entropy())).toBeCloseTo(0.25 * Math.log(4) + 0.75 * Math.log(4 / 3), 12);
    expect(number(kl(q, d))).toBeCloseTo(0.5 * Math.log(2) + 0.5 * Math.log(2 / 3), 12);
    expect(number(kl(new Categorical(real([0, 0, 0])), d))).toBe(Infinity);
  });

  test("leaves derivatives finite", () => {
    const at = new Input("logits", [3], "float64");
    const p = new Categorical(at);
    const roots = [p.logProb(constant(2, [], "int64")), p.entropy(), kl(p, d), kl(q, p)];
    for (const root of roots) {
      const [slope] = evaluate(grad(root, [at]), new Map([[at, value("float64", [3], logits)]]));
      expect(slope!.data.every(Number.isFinite)).toBe(true);
    }
    const [slope] = evaluate(grad(roots[0]!, [at]), new Map([[at, value("float64", [3], logits)]]));
    [0, -1 / 4, 1 / 4].forEach((each, k) => expect(slope!.data[k]).toBeCloseTo(each, 12));
  });
});

// scipy.special.gammaln and digamma.
test.each([
  [0.1, 2.252712651734206, -10.423754940411076],
  [0.5, 0.5723649429247, -1.9635100260214235],
  [1, 0, -0.5772156649015329],
  [3.7, 1.428072326665388, 1.1671535393615113],
  [12.5, 18.73434751193645, 2.4851956512749123],
  [170, 701.4372638087372, 5.132854377083308],
])("logGamma(%d) and digamma(%d) agree with scipy", (x, gamma, psi) => {
  expect(Math.abs(logGamma(x) - gamma)).toBeLessThan(1e-12 * Math.max(1, Math.abs(gamma)));
  expect(Math.abs(digamma(x) - psi)).toBeLessThan(1e-12 * Math.max(1, Math.abs(psi)));
});

describe("DiscretizedLogistic on 256 levels", () => {
  // mpmath with 1500 digits: log(sigmoid(b) - sigmoid(a)) formed as written.
  const exact: readonly [level: number, location: number, logScale: number, logProb: number][] = [
    [128, 0.1, -3, -4.04867851501366],
    [250, -0.9, -5, -275.957162463745],
    [0, 0.3, -2, -9.57686555429626],
    [255, -0.4, -2.5, -17.0077170999456],
    [3, 0.95, -7, -2108.33118753662],
    [100, 0, 6, -12.2344107971843],
  ];
  const logProb = (level: number, location: Tensor, logScale: Tensor): Tensor =>
    new DiscretizedLogistic(location, logScale).logProb(constant(-1 + (2 * level) / 255, [], location.dtype));

  test.each(exact)("log P(level %d) at location %d, logScale %d", (level, location, logScale, expected) => {
    const found = number(logProb(level, real(location), real(logScale)));
    expect(Math.abs(found / expected - 1)).toBeLessThan(1e-12);
  });

  test("float32 keeps the value and finite derivatives in the tails and at the edges", async () => {
    const device = await cpuDevice(1);
    const location = new Input("location", [exact.length]);
    const logScale = new Input("logScale", [exact.length]);
    const x = constant(
      exact.map(([level]) => -1 + (2 * level) / 255),
      [exact.length],
    );
    const y = new DiscretizedLogistic(location, logScale).logProb(x);
    const roots = [y, ...grad(y.sum(), [location, logScale])];
    const leaves = new Map([
      [
        location,
        value(
          "float32",
          [exact.length],
          exact.map(([, m]) => Math.fround(m)),
        ),
      ],
      [
        logScale,
        value(
          "float32",
          [exact.length],
          exact.map(([, , s]) => s),
        ),
      ],
    ]);
    const [found, ...gradients] = await compute(device, roots, leaves);
    // float32 rounds x and the location to 6e-8, which a scale of e^-7 magnifies 1100 times.
    exact.forEach(([, , , expected], i) => expect(Math.abs(found!.data[i]! / expected - 1)).toBeLessThan(1e-5));
    const wanted = evaluate(roots, leaves).slice(1);
    gradients.forEach((g, k) =>
      g.data.forEach((v, i) => {
        const w = wanted[k]!.data[i]!;
        expect(Math.abs(v - w)).toBeLessThan(1e-4 * Math.max(1, Math.abs(w)));
      }),
    );
  });
});

test("independent adds log-probabilities and entropies over its axes, and samples whole events", () => {
  const base = new Normal(real([0, 1, 2, 3, 4, 5], [2, 3]), real([1, 2, 3], [3]));
  const d = independent(base, 1);
  const x = real([1, 1, 2, 0, -1, 3], [2, 3]);
  const rows = (t: Tensor): number[] => {
    const { data } = evaluate([t])[0]!;
    return [0, 3].map((at) => data[at]! + data[at + 1]! + data[at + 2]!);
  };
  const close = (t: Tensor, expected: readonly number[]): void =>
    evaluate([t])[0]!.data.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, 12));
  close(d.logProb(x), rows(base.logProb(x)));
  close(d.entropy(), rows(base.entropy()));
  expect(d.sample([4]).shape).toEqual([4, 2, 3]);
  expect(() => independent(base, 3).logProb(x)).toThrow("independent: got 3 event axes for shape [2,3]");
});

test("a mixture of events chooses one component for the whole event", () => {
  // Components at -10 and +10 in both elements: a sample never mixes them.
  const components = independent(new Normal(real([-10, -10, 10, 10], [2, 2]), 0.1), 1);
  const d = new Mixture(real([0, Math.log(3)]), components);
  expect(d.shape).toEqual([2]);
  const samples = d.sample([4000]);
  const [values] = evaluate([samples], noiseValues([samples], 1));
  let second = 0;
  for (let i = 0; i < 4000; i++) {
    const [a, b] = [values!.data[2 * i]!, values!.data[2 * i + 1]!];
    expect(Math.sign(a)).toBe(Math.sign(b));
    if (a > 0) second++;
  }
  // Binomial(4000, 3/4) has standard deviation 27.4.
  expect(Math.abs(second - 3000)).toBeLessThan(4 * 27.4);
  // log p = log sum_k w_k prod_i N(x_i); at (10, 10) only the second component counts.
  const expected = Math.log(0.75) - 2 * (Math.log(0.1) + 0.5 * Math.log(2 * Math.PI));
  expect(number(d.logProb(real([10, 10])))).toBeCloseTo(expected, 10);
});

test("relaxed categorical samples lie on the simplex, average the classes as the temperature falls, and integrate to 1", () => {
  const cold = new RelaxedCategorical(classes, 0.05).sample([20_000]);
  const { data } = evaluate([cold], noiseValues([cold], 2))[0]!;
  const probs = evaluate([new Categorical(classes).probs])[0]!.data;
  probs.forEach((p, k) => {
    let total = 0;
    for (let i = k; i < data.length; i += 3) total += data[i]!;
    expect(Math.abs(total / 20_000 - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 20_000) + 0.01);
  });
  const over = interval(0, 1, 20_000);
  const x = stack([real(over.points), real(over.points.map((p) => 1 - p))], 1);
  const [density] = evaluate([new RelaxedCategorical(real([0.3, -0.6]), 1.5).logProb(x)]);
  expect(integrate(over, density!.data.map(Math.exp))).toBeCloseTo(1, 4);
});

test("what a distribution has not got is refused in one line", () => {
  expect(() => new StudentT(2, 0, 1).variance).toThrow(
    "StudentT.variance: got 2 degrees of freedom, expected more than 2",
  );
  expect(() => new StudentT(0, 0, 1)).toThrow("StudentT: degrees of freedom out of range, got 0");
  expect(() => new Bernoulli(0).rsample()).toThrow("Bernoulli.rsample: a binary sample has no derivative");
  expect(() => new DiscretizedLogistic(0, 0, { low: 0, high: 1, bins: 1 })).toThrow("got 1 bins from 0 to 1");
  expect(() => new Mixture(real([0, 0]), new Normal(real([1, 2, 3]), 1))).toThrow("Mixture: components differ");
});

describe("gradient graphs", () => {
  const x = new Input("x", [8, 4]);
  const mean = new Input("mean", [8, 4]);
  const logVar = new Input("logVar", [8, 4]);
  const logits = new Input("logits", [8, 4]);

  test("Bernoulli: x - sigmoid(logits) in three passes", () => {
    const nll = independent(new Bernoulli(logits), 1).logProb(x).mean().neg();
    expect(print(grad(nll, [logits]))).toMatchInlineSnapshot(`
      "logits: float32[8,4] = input
      %1: float32[8,4] = Sigmoid(logits)
      x: float32[8,4] = input
      %3: float32[8,4] = Sub(%1, x)
      %4: float32[8,4] = Mul(%3, 0.125)
      return %4"
    `);
  });
  test("Categorical: one-hot(x) - softmax(logits)", () => {
    const labels = new Input("labels", [8], "int64");
    const nll = new Categorical(logits).logProb(labels).mean().neg();
    expect(print(grad(nll, [logits]))).toMatchInlineSnapshot(`
      "logits: float32[8,4] = input
      %1: float32[8] = ReduceLogSumExp(logits, axes=[1], keepDims=false)
      %2: float32[8,1] = Reshape(%1, shape=[8,1])
      %3: float32[8,4] = Sub(logits, %2)
      %4: float32[8,4] = Exp(%3)
      %5: float32[8,4] = Mul(%4, 0.125)
      labels: int64[8] = input
      %7: int64[8,1] = Reshape(labels, shape=[8,1])
      %8: int64[4] = constant
      %9: bool[8,4] = Equal(%7, %8)
      %10: float32[8,4] = BroadcastTo(-0.125, shape=[8,4])
      %11: float32[8,4] = Where(%9, %10, 0)
      %12: float32[8,4] = Add(%5, %11)
      return %12"
    `);
  });
  test("Normal of fixed std: (x - mean) / std^2", () => {
    const nll = independent(new Normal(mean, 0.5), 1).logProb(x).mean().neg();
    expect(print(grad(nll, [mean]))).toMatchInlineSnapshot(`
      "x: float32[8,4] = input
      mean: float32[8,4] = input
      %2: float32[8,4] = Sub(x, mean)
      %3: float32[8,4] = Mul(%2, -0.5)
      return %3"
    `);
  });
  test("Normal by logVar", () => {
    const nll = independent(new Normal(mean, { logVar }), 1).logProb(x).mean().neg();
    expect(print(grad(nll, [mean, logVar]))).toMatchInlineSnapshot(`
      "logVar: float32[8,4] = input
      %1: float32[8,4] = Neg(logVar)
      %2: float32[8,4] = Exp(%1)
      x: float32[8,4] = input
      mean: float32[8,4] = input
      %5: float32[8,4] = Sub(x, mean)
      %6: float32[8,4] = Mul(%2, %5)
      %7: float32[8,4] = Mul(%6, -0.125)
      %8: float32[8,4] = Mul(%5, %5)
      %9: float32[8,4] = Mul(%8, %2)
      %10: float32[8,4] = Mul(%9, -0.0625)
      %11: float32[8,4] = Add(0.0625, %10)
      return %7, %11"
    `);
  });
});
