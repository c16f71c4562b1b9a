import { describe, expect, test } from "vitest";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant, Noise, type Tensor } from "../../../graph/tensor.ts";
import { topologicalOrder } from "../../../graph/traverse.ts";
import { value } from "../../../graph/value.ts";
import { evaluation } from "../../../nn/context.ts";
import { sqrt, square } from "../../../ops/arithmetic.ts";
import type { Codes } from "../../latent.ts";
import { diffusionSampler, type DiffusionSamplerOptions } from "./diffusion-sampler.ts";
import { type NoiseLevel, over } from "../noise/noise-level.ts";
import { logNormalNoise, noisePaths, type NoiseProcess, timeDensities, timedNoise } from "../noise/noise-process.ts";
import type { Denoised } from "../noise/prediction.ts";
import { solverNames } from "./solvers.ts";

/** Data N(MEAN, STD^2). */
const [MEAN, STD] = [0.7, 0.4];

/** E[x|y] of such data: MEAN + STD^2 alpha / (alpha^2 STD^2 + sigma^2) (y - alpha MEAN). */
function ideal(y: Tensor, level: NoiseLevel): Denoised {
  const [alpha, sigma] = [over(y, level.alpha), over(y, level.sigma)];
  const variance = square(alpha)
    .mul(STD ** 2)
    .add(square(sigma));
  const x = y
    .sub(alpha.mul(MEAN))
    .mul(alpha.mul(STD ** 2).div(variance))
    .add(MEAN);
  return { x, n: y.sub(x.mul(alpha)).div(sigma) };
}

const processes: Readonly<Record<string, NoiseProcess>> = {
  edm: logNormalNoise({ logMean: -1.2, logStd: 1.2 }),
  linear: timedNoise(noisePaths.linear, timeDensities.uniform),
  cosine: timedNoise(noisePaths.cosine, timeDensities.uniform),
  rectified: timedNoise(noisePaths.rectified, timeDensities.uniform),
  trigonometric: timedNoise(noisePaths.trigonometric, timeDensities.uniform),
};

/** Samples of `rows` rows as one graph. */
function sampled(
  process: NoiseProcess,
  rows: number,
  given: Partial<DiffusionSamplerOptions>,
  denoise: (y: Tensor, level: NoiseLevel) => Denoised = ideal,
): Tensor {
  const sampler = diffusionSampler({
    shape: [1],
    process,
    denoise,
    finish: (x) => x,
    defaults: { solver: "heun", steps: 18 },
  });
  const options = sampler.options.parse(given);
  const symbolic = Object.fromEntries(
    Object.entries(options).map(([name, v]) => [name, typeof v === "number" ? constant(v) : v]),
  ) as unknown as Parameters<typeof sampler.start>[1];
  let state: Codes = sampler.start(rows, symbolic, evaluation);
  for (const point of sampler.schedule(options)) {
    const at = Object.fromEntries(Object.entries(point).map(([name, v]) => [name, constant(v)]));
    state = sampler.step!(state, at, symbolic, evaluation);
  }
  return sampler.finish(state, symbolic, evaluation);
}

/** Mean and variance of samples, exactly: they are affine in every noise, of which row i + 1 has the i-th alone at 1. */
function moments(
  process: NoiseProcess,
  given: Partial<DiffusionSamplerOptions>,
  denoise = ideal,
): { mean: number; std: number } {
  const noises = (out: Tensor): Noise[] => topologicalOrder([out]).filter((t) => t instanceof Noise);
  const count = noises(sampled(process, 1, given, denoise)).length;
  const out = sampled(process, count + 1, given, denoise);
  const leaves = new Map<Tensor, ReturnType<typeof value>>(
    noises(out).map((leaf, i) => [
      leaf,
      value(
        "float32",
        leaf.shape,
        Float64Array.from({ length: count + 1 }, (_, row) => Number(row === i + 1)),
      ),
    ]),
  );
  const [mean, ...rest] = Array.from(evaluate([out], leaves)[0]!.data) as [number, ...number[]];
  return { mean, std: Math.hypot(...rest.map((each) => each - mean)) };
}

describe.each(Object.entries(processes))("samples of Gaussian data by the ideal denoiser, %s", (name, process) => {
  // Straight lines start at the noise itself, alpha = 1 at a finite ratio that forgets the mean but for 1 / 80 or less.
  const forgotten = name === "rectified" ? 0 : 0.01;

  // New noise on E[x|y] is no sampler: of consistency models, whose D is another.
  test.each(solverNames.filter((solver) => solver !== "renoise"))(
    "%s has the mean and standard deviation of the data",
    (solver) => {
      const { mean, std } = moments(process, { solver, steps: 48, churn: 10 });
      // Methods of first order are some per cent off at so many steps.
      const error = solver === "heun" || solver === "stochastic" || solver === "dpm-solver++" ? 0.02 : 0.13;
      expect(Math.abs(mean - MEAN)).toBeLessThan(STD * error + forgotten);
      expect(Math.abs(std / STD - 1)).toBeLessThan(error + forgotten);
    },
  );

  test("one step is the mean of the data", () => {
    const { mean, std } = moments(process, { steps: 1 });
    expect(Math.abs(mean - MEAN)).toBeLessThan(1e-3 + forgotten);
    expect(std).toBeLessThan(0.02);
  });
});

describe("order of a solver", () => {
  /** The error of a sample that starts at noise 1, against the exact solution at the last level. */
  function error(process: NoiseProcess, given: Partial<DiffusionSamplerOptions>): number {
    const steps = given.steps!;
    const [first, last] = [0, steps - 1].map((i) => process.grid({ steps, rho: 7 })[i]!) as [
      { alpha: number; sigma: number },
      { alpha: number; sigma: number },
    ];
    // Along the flow y = alpha MEAN + sqrt(alpha^2 STD^2 + sigma^2) z with a constant z.
    const deviation = ({ alpha, sigma }: { alpha: number; sigma: number }): number => Math.hypot(alpha * STD, sigma);
    const z = (first.sigma - first.alpha * MEAN) / deviation(first);
    const y = last.alpha * MEAN + deviation(last) * z;
    const exact = evaluate([
      ideal(constant([y], [1, 1]), { alpha: constant(last.alpha), sigma: constant(last.sigma) }).x,
    ])[0]!.data[0]!;
    const out = sampled(process, 1, given);
    const leaves = new Map(
      topologicalOrder([out])
        .filter((t) => t instanceof Noise)
        .map((leaf) => [leaf as Tensor, value("float32", leaf.shape, Float64Array.of(1))]),
    );
    return Math.abs(evaluate([out], leaves)[0]!.data[0]! - exact);
  }

  test.each([
    ["euler", 1],
    ["ddim", 1],
    ["heun", 2],
    ["dpm-solver++", 2],
  ] as const)("%s: the error falls with order %i", (solver, order) => {
    for (const process of [processes["edm"]!, processes["rectified"]!]) {
      const errors = [32, 64, 128].map((steps) => error(process, { solver, steps }));
      for (const [i, finer] of errors.slice(1).entries()) {
        const measured = Math.log2(errors[i]! / finer);
        expect(measured).toBeGreaterThan(order - 0.5);
        expect(measured).toBeLessThan(order + 0.8);
      }
    }
  });

  test("ancestral sampling without new noise is DDIM", () => {
    for (const process of Object.values(processes)) {
      const of = (given: Partial<DiffusionSamplerOptions>): number => error(process, { steps: 10, ...given });
      expect(of({ solver: "ancestral", eta: 0 })).toBeCloseTo(of({ solver: "ddim" }), 5);
    }
  });

  test("evaluations: as many as noise levels, and of second order two at all but the last", () => {
    const count = (solver: (typeof solverNames)[number]): number => {
      let evaluations = 0;
      sampled(processes["edm"]!, 1, { solver, steps: 5 }, (y, level) => {
        evaluations++;
        return ideal(y, level);
      });
      return evaluations;
    };
    expect(solverNames.map((name) => [name, count(name)])).toEqual([
      ["heun", 9],
      ["euler", 5],
      ["ddim", 5],
      ["dpm-solver++", 5],
      ["ancestral", 5],
      ["stochastic", 9],
      ["renoise", 5],
    ]);
  });
});

test("new noise on the ends of the ODE's paths gives samples of the data in any number of steps", () => {
  const ends = (y: Tensor, level: NoiseLevel): Denoised => {
    const sigma = over(y, level.sigma);
    const x = y
      .sub(MEAN)
      .mul(STD)
      .div(sqrt(square(sigma).add(STD ** 2)))
      .add(MEAN);
    return { x, n: y.sub(x).div(sigma) };
  };
  for (const steps of [1, 2, 4]) {
    const { mean, std } = moments(processes["edm"]!, { solver: "renoise", steps }, ends);
    expect(Math.abs(mean - MEAN)).toBeLessThan(0.01);
    expect(Math.abs(std / STD - 1)).toBeLessThan(0.01);
  }
});

test("few steps of ancestral sampling with the variance that DDPM learns have the marginal variance, where beta~ has less and beta more", () => {
  const process = processes["cosine"]!;
  for (const steps of [5, 10]) {
    const { sigma } = process.grid({ steps, rho: 7 }).at(-1)!;
    // D of y ~ N(MEAN, STD^2 + sigma^2).
    const exact = STD ** 2 / Math.hypot(STD, sigma);
    const ratio = (share: (r: Tensor) => Tensor): number => {
      const denoise = (y: Tensor, level: NoiseLevel): Denoised => {
        const v = share(over(y, level.sigma.div(level.alpha))).broadcastTo(y.shape);
        return { ...ideal(y, level), v };
      };
      return moments(process, { solver: "ancestral", steps }, denoise).std / exact;
    };
    const plain = moments(process, { solver: "ancestral", steps }).std / exact;
    expect(ratio((r) => r.mul(0))).toBeCloseTo(plain, 5);
    expect(plain).toBeLessThan(0.88);
    expect(ratio((r) => r.mul(0).add(1))).toBeGreaterThan(1.12);
    // The best v of the small steps that it is learned from: of data N(m, STD^2) STD^2 (1 + r^2) / (STD^2 + r^2).
    const learned = ratio((r) =>
      square(r)
        .add(1)
        .mul(STD ** 2)
        .div(square(r).add(STD ** 2)),
    );
    expect(Math.abs(learned - 1)).toBeLessThan(0.06);
  }
});
