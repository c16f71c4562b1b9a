import { describe, expect, test } from "vitest";
import { integrate, interval, type Quadrature, realLine, sumOver } from "../../test/quadrature.ts";
import { noiseValues } from "../../test/noise-values.ts";
import { evaluate } from "../graph/evaluate.ts";
import { grad } from "../graph/grad.ts";
import type { DType } from "../graph/shape.ts";
import { constant, Input, type Tensor } from "../graph/tensor.ts";
import { type Value, value } from "../graph/value.ts";
import { exp, square, stack } from "../ops/index.ts";
import { stream } from "../random/index.ts";
import { compute } from "../runtime/compute.ts";
import { cpuDevice } from "../runtime/node.ts";
import {
  Bernoulli,
  Categorical,
  DiscretizedLogistic,
  type Distribution,
  GridCategorical,
  Laplace,
  Logistic,
  Mixture,
  Normal,
  StudentT,
  Uniform,
} from "./index.ts";

interface Case {
  readonly name: string;
  /** From one scalar for each range. */
  readonly make: (...parameters: Tensor[]) => Distribution;
  readonly ranges: readonly (readonly [low: number, high: number])[];
  /** How to integrate, or sum, over the values. */
  readonly over: (...parameters: number[]) => Quadrature;
  readonly values?: DType;
  readonly discrete?: true;
  /** What refuses by name. */
  readonly refuses?: readonly ("mean" | "variance" | "rsample" | "entropy")[];
}

const location = [-2, 2] as const;
const scale = [0.3, 2] as const;
const logits = [-2, 2] as const;
const around = (center: number, scale: number): Quadrature => realLine(center, scale);
const wide = (): Quadrature => realLine(0, 2);
const grid = { low: -1, high: 1, bins: 9 };
const gridPoints = sumOver(Array.from({ length: grid.bins }, (_, i) => -1 + i / 4));
/** Three values that are not about 0. */
const uneven = { low: 2, high: 5 };
const discrete = { discrete: true, refuses: ["rsample"] } as const;

const cases: readonly Case[] = [
  { name: "Normal by std", make: (m, s) => new Normal(m, s), ranges: [location, scale], over: around },
  {
    name: "Normal by logVar",
    make: (m, l) => new Normal(m, { logVar: l }),
    ranges: [location, location],
    over: (m, l) => around(m, Math.exp(l / 2)),
  },
  {
    name: "Normal by variance",
    make: (m, v) => new Normal(m, { variance: v }),
    ranges: [location, scale],
    over: (m, v) => around(m, Math.sqrt(v)),
  },
  { name: "Laplace", make: (m, s) => new Laplace(m, s), ranges: [location, scale], over: around },
  { name: "Logistic", make: (m, s) => new Logistic(m, s), ranges: [location, scale], over: around },
  { name: "StudentT", make: (m, s) => new StudentT(7, m, s), ranges: [location, scale], over: around },
  {
    name: "Uniform",
    make: (low, width) => new Uniform(low, low.add(width)),
    ranges: [location, scale],
    over: (low, width) => interval(low, low + width, 4096),
  },
  {
    name: "Mixture of Normals",
    make: (a, b, m, n, s) => new Mixture(stack([a, b]), new Normal(stack([m, n]), stack([s, exp(s)]))),
    ranges: [logits, logits, location, location, scale],
    over: wide,
    refuses: ["rsample", "entropy"],
  },
  { name: "Bernoulli", make: (l) => new Bernoulli(l), ranges: [logits], over: () => sumOver([0, 1]), ...discrete },
  {
    name: "Categorical",
    make: (...l) => new Categorical(stack(l)),
    ranges: [logits, logits, logits],
    over: () => sumOver([0, 1, 2]),
    values: "int64",
    discrete: true,
    refuses: ["rsample", "mean", "variance"],
  },
  {
    name: "DiscretizedLogistic",
    make: (m, l) => new DiscretizedLogistic(m, l, grid),
    ranges: [
      [-1.2, 1.2],
      [-4, 0],
    ],
    over: () => gridPoints,
    ...discrete,
  },
  {
    name: "GridCategorical",
    make: (...l) => new GridCategorical(stack(l), uneven),
    ranges: [logits, logits, logits],
    over: () => sumOver([2, 3.5, 5]),
    ...discrete,
  },
  {
    name: "Mixture of DiscretizedLogistics",
    make: (a, b, m, n, l) => new Mixture(stack([a, b]), new DiscretizedLogistic(stack([m, n]), l, grid)),
    ranges: [logits, logits, [-1.2, 1.2], [-1.2, 1.2], [-4, 0]],
    over: () => gridPoints,
    discrete: true,
    refuses: ["rsample", "entropy"],
  },
];

const inputs = (c: Case, dtype: DType): Input[] => c.ranges.map((_, i) => new Input(`p${i}`, [], dtype));
const randomParameters = (c: Case, seed: number): number[] => {
  const random = stream(seed, c.name);
  return c.ranges.map(([low, high]) => low + (high - low) * random.uniform());
};
const bound = (parameters: readonly Tensor[], numbers: readonly number[]): [Tensor, Value][] =>
  parameters.map((p, i) => [p, value(p.dtype, [], [numbers[i]!])]);

/** The float64 values of tensors at some parameters, noise from a seed. */
function at(tensors: readonly Tensor[], parameters: readonly Tensor[], numbers: readonly number[], seed = 0) {
  const leaves = new Map([...noiseValues(tensors, seed), ...bound(parameters, numbers)]);
  return evaluate(tensors, leaves).map((v) => v.data);
}

/** Sums and exponentials in float64, and quadrature to about 1e-9. */
const exact = 1e-7;
/** Monte Carlo averages lie within this many standard errors; all samples are seeded. */
const errors = 4;
const count = 20_000;

function expectAverage(samples: ArrayLike<number>, expected: number): void {
  const n = samples.length;
  const mean = Array.from(samples).reduce((a, b) => a + b, 0) / n;
  const deviation = Math.sqrt(Array.from(samples).reduce((a, b) => a + (b - mean) ** 2, 0) / n);
  expect(Math.abs(mean - expected)).toBeLessThanOrEqual((errors * deviation) / Math.sqrt(n) + exact);
}

describe.each(cases)("$name", (c) => {
  const parameters = inputs(c, "float64");
  const d = c.make(...parameters);
  const can = (what: NonNullable<Case["refuses"]>[number]): boolean => !c.refuses?.includes(what);
  const seeds = [1, 2, 3];
  const rule = (numbers: readonly number[]) => {
    const { points, weights } = c.over(...numbers);
    return { points, weights, x: constant(points, [points.length], c.values ?? "float64") };
  };

  test.each(seeds)("probabilities add up to 1; mean, variance and entropy are theirs (parameters %i)", (seed) => {
    const numbers = randomParameters(c, seed);
    const { x, ...over } = rule(numbers);
    const [logProb] = at([d.logProb(x)], parameters, numbers) as [Float64Array];
    const p = logProb.map(Math.exp);
    const average = (f: (x: number, i: number) => number): number =>
      integrate(
        over,
        p.map((v, i) => (v === 0 ? 0 : v * f(over.points[i]!, i))),
      );
    expect(average(() => 1)).toBeCloseTo(1, 7);
    const of = (t: Tensor): number => at([t], parameters, numbers)[0]![0]!;
    if (can("mean")) expect(Math.abs(average((x) => x) - of(d.mean))).toBeLessThan(exact);
    if (can("variance")) {
      const mean = of(d.mean);
      expect(Math.abs(average((x) => (x - mean) ** 2) - of(d.variance))).toBeLessThan(exact * 10);
    }
    if (can("entropy")) expect(Math.abs(average((_, i) => -logProb[i]!) - of(d.entropy()))).toBeLessThan(exact * 10);
  });

  test("samples have the mean, the variance and the log-probability of the distribution", () => {
    const numbers = randomParameters(c, 4);
    const { x, ...over } = rule(numbers);
    const samples = d.sample([count]);
    expect(samples.shape).toEqual([count]);
    const [values, logProb, atPoints] = at([samples, d.logProb(samples), d.logProb(x)], parameters, numbers, 5) as [
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const negEntropy = integrate(
      over,
      atPoints.map((l) => (l === -Infinity ? 0 : Math.exp(l) * l)),
    );
    expectAverage(logProb, negEntropy);
    if (!can("mean")) return;
    const [mean, variance] = at([d.mean, d.variance], parameters, numbers).map((v) => v[0]!) as [number, number];
    expectAverage(values, mean);
    expectAverage(
      values.map((v) => (v - mean) ** 2),
      variance,
    );
  });

  test("derivatives of logProb, entropy and rsample are those of central differences", () => {
    const numbers = randomParameters(c, 6);
    const points = c.discrete ? c.over(...numbers).points : [-3.1, -0.45, 0.83, 2.9];
    const x = constant(points, [points.length], c.values ?? "float64");
    // The density itself, so that a point outside the support counts as 0.
    const scalars = [
      exp(d.logProb(x)).sum(),
      ...(can("entropy") ? [d.entropy()] : []),
      ...(can("rsample") ? [square(d.rsample([5])).sum()] : []),
    ];
    for (const f of scalars) {
      const gradients = at(grad(f, parameters), parameters, numbers, 7).map((g) => g[0]!);
      const h = 1e-5;
      parameters.forEach((_, i) => {
        const shifted = (by: number): number => at([f], parameters, numbers.with(i, numbers[i]! + by), 7)[0]![0]!;
        const numeric = (shifted(h) - shifted(-h)) / (2 * h);
        expect(Math.abs(gradients[i]! - numeric)).toBeLessThan(1e-6 * Math.max(1, Math.abs(numeric)));
      });
    }
  });

  test("sample carries no derivative, and what has no closed form refuses by name", () => {
    expect(
      at(grad(d.sample([3]).mul(1).sum(), parameters), parameters, randomParameters(c, 8)).every((g) => g[0] === 0),
    ).toBe(true);
    for (const what of c.refuses ?? [])
      expect(() => (what === "rsample" || what === "entropy" ? d[what]() : d[what])).toThrow(new RegExp(what));
  });
});

test("every distribution computes on the CPU device what the reference computes", async () => {
  const device = await cpuDevice(1);
  for (const c of cases) {
    const parameters = inputs(c, "float32");
    const d = c.make(...parameters);
    const numbers = randomParameters(c, 10).map(Math.fround);
    const points = c.over(...numbers).points.filter((x) => Math.abs(x) < 10);
    const x = constant(points.map(Math.fround), [points.length], c.values ?? "float32");
    const roots = [d.logProb(x), ...grad(d.logProb(x).sum(), parameters), d.sample([7]), d.logProb(d.sample([7]))];
    if (!c.refuses?.includes("mean")) roots.push(d.mean, d.variance);
    if (!c.refuses?.includes("entropy")) roots.push(d.entropy());
    const leaves = new Map([...noiseValues(roots, 11), ...bound(parameters, numbers)]);
    const expected = evaluate(roots, leaves);
    const actual = await compute(device, roots, leaves);
    actual.forEach((v, r) => {
      expect(v.shape).toEqual(expected[r]!.shape);
      v.data.forEach((found, i) => {
        const wanted = expected[r]!.data[i]!;
        if (found !== wanted)
          expect(Math.abs(found - wanted), `${c.name}, root ${r}`).toBeLessThan(2e-4 * Math.max(1, Math.abs(wanted)));
      });
    });
  }
});

test("a categorical over a grid takes other values as the nearest on it", () => {
  const d = new GridCategorical(constant([0, Math.log(2), Math.log(5)], [3], "float64"), uneven);
  // Of weights 1, 2 and 5 at 2, 3.5 and 5.
  const x = [-7, 2.7, 2.8, 3.5, 4.2, 4.3, 90];
  const [found] = evaluate([exp(d.logProb(constant(x, [x.length], "float64")))]);
  [1, 1, 2, 2, 2, 5, 5].forEach((weight, i) => expect(found!.data[i]).toBeCloseTo(weight / 8, 12));
});
