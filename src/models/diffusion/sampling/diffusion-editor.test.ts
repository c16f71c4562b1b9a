import { describe, expect, test } from "vitest";
import { ConfigError } from "../../../errors.ts";
import { evaluate } from "../../../graph/evaluate.ts";
import { constant, Input, Noise, type Tensor } from "../../../graph/tensor.ts";
import { topologicalOrder } from "../../../graph/traverse.ts";
import { type Value, value } from "../../../graph/value.ts";
import { evaluation } from "../../../nn/context.ts";
import { square } from "../../../ops/arithmetic.ts";
import { concat, slice } from "../../../ops/movement.ts";
import type { Codes } from "../../latent.ts";
import type { Edited, StepScalars, Symbolic } from "../../sampler.ts";
import { diffusionEditor, type DiffusionEditorOptions } from "./diffusion-editor.ts";
import { diffusionSampler } from "./diffusion-sampler.ts";
import { type NoiseLevel, over } from "../noise/noise-level.ts";
import { logNormalNoise, noisePaths, type NoiseProcess, timeDensities, timedNoise } from "../noise/noise-process.ts";
import type { Denoised } from "../noise/prediction.ts";
import { solverNames } from "./solvers.ts";

/** Data N(MEAN, [[A^2, RHO A B], [RHO A B, B^2]]). */
const MEAN = [0.5, -0.3] as const;
const [A, B, RHO] = [0.8, 0.5, 0.9];
const [VA, VB, COV] = [A * A, B * B, RHO * A * B];

/** E[x|y] of such data: MEAN + alpha S (alpha^2 S + sigma^2 I)^-1 (y - alpha MEAN). */
function ideal(y: Tensor, level: NoiseLevel): Denoised {
  const [alpha, sigma] = [over(y, level.alpha), over(y, level.sigma)];
  const [a2, s2] = [square(alpha), square(sigma)];
  const [p, r, q] = [a2.mul(VA).add(s2), a2.mul(VB).add(s2), a2.mul(COV)];
  const u = slice(y, 1, 0, 1).sub(alpha.mul(MEAN[0]));
  const v = slice(y, 1, 1, 2).sub(alpha.mul(MEAN[1]));
  const determinant = p.mul(r).sub(square(q));
  const [iu, iv] = [r.mul(u).sub(q.mul(v)), p.mul(v).sub(q.mul(u))].map((t) => t.mul(alpha).div(determinant)) as [
    Tensor,
    Tensor,
  ];
  const x = concat([iu.mul(VA).add(iv.mul(COV)).add(MEAN[0]), iu.mul(COV).add(iv.mul(VB)).add(MEAN[1])], 1);
  return { x, n: y.sub(x.mul(alpha)).div(sigma) };
}

const processes: Readonly<Record<string, NoiseProcess>> = {
  edm: logNormalNoise({ logMean: -1.2, logStd: 1.2 }),
  cosine: timedNoise(noisePaths.cosine, timeDensities.uniform),
  rectified: timedNoise(noisePaths.rectified, timeDensities.uniform),
};

const partsOf = (process: NoiseProcess) => ({
  shape: [2],
  process,
  denoise: ideal,
  finish: (x: Tensor) => x,
  defaults: { solver: "heun", steps: 18 } as const,
});
const symbolicOf = <T extends object>(options: T) =>
  Object.fromEntries(
    Object.entries(options).map(([name, v]) => [name, typeof v === "number" ? constant(v) : (v as unknown)]),
  ) as Symbolic<T>;

/** Mean and covariance of the state (y, D before), or of what is finished. */
interface Moments {
  readonly mean: readonly number[];
  readonly covariance: readonly (readonly number[])[];
}

/**
 * Moments of f(state, noise) from those of the state, exactly: f is affine. Row 0 is at the state's mean without noise, each other one off by 1 in
 * one value of the state or of the noise. The graph is built once, for all values of its scalars.
 */
class Affine {
  readonly #state: Input;
  readonly #out: Tensor;
  readonly #leaves: readonly Noise[];
  readonly #scalars = new Map<string, Input>();

  constructor(width: number, f: (state: Tensor, scalar: (name: string) => Tensor) => Tensor) {
    const scalar = (name: string): Tensor => {
      const held = this.#scalars.get(name) ?? new Input(name, []);
      this.#scalars.set(name, held);
      return held;
    };
    const leaves = (out: Tensor): Noise[] => topologicalOrder([out]).filter((t) => t instanceof Noise);
    const noises = leaves(f(new Input("state", [1, width]), scalar)).length;
    this.#state = new Input("state", [1 + width + 2 * noises, width]);
    this.#out = f(this.#state, scalar);
    this.#leaves = leaves(this.#out);
  }

  of({ mean, covariance }: Moments, point: StepScalars): Moments {
    const [rows, width] = this.#state.shape as [number, number];
    const table = (columns: number, at: (row: number, column: number) => number): Value =>
      value(
        "float32",
        [rows, columns],
        Float64Array.from({ length: rows * columns }, (_, k) => at(Math.floor(k / columns), k % columns)),
      );
    const held = new Map<Tensor, Value>([
      [this.#state, table(width, (row, i) => mean[i]! + Number(row === 1 + i))],
      ...this.#leaves.map((leaf, n): [Tensor, Value] => [
        leaf,
        table(2, (row, i) => Number(row === 1 + width + 2 * n + i)),
      ]),
      ...[...this.#scalars].map(([name, input]): [Tensor, Value] => [
        input,
        value("float32", [], Float64Array.of(point[name]!)),
      ]),
    ]);
    const values = Array.from(evaluate([this.#out], held)[0]!.data, Number);
    const size = values.length / rows;
    const found = values.slice(0, size);
    const jacobian = Array.from({ length: rows - 1 }, (_, row) =>
      found.map((each, p) => values[(row + 1) * size + p]! - each),
    );
    const variance = (i: number, j: number): number => (i < width && j < width ? covariance[i]![j]! : Number(i === j));
    const between = (p: number, q: number): number => {
      let total = 0;
      for (const [i, one] of jacobian.entries())
        for (const [j, other] of jacobian.entries()) total += one[p]! * variance(i, j) * other[q]!;
      return total;
    };
    return { mean: found, covariance: found.map((_, p) => found.map((__, q) => between(p, q))) };
  }
}

/** Moments of what x becomes. */
function edited(
  process: NoiseProcess,
  { x, mask }: { readonly x: readonly number[]; readonly mask?: readonly number[] },
  given: Partial<DiffusionEditorOptions>,
): Moments {
  const editor = diffusionEditor(partsOf(process), (t) => t);
  const options = editor.options.parse(given);
  const symbolic = symbolicOf(options);
  const { start, steps } = editor.schedule(options, { masked: mask !== undefined });
  const examples = (rows: number): Edited => {
    const all = (row: readonly number[]): Tensor => constant(row, [1, 2]).broadcastTo([rows, 2]);
    return { x: all(x), ...(mask && { mask: all(mask) }) };
  };
  const packed = ({ y, x: before }: Codes): Tensor => concat([y!, before!], 1);
  const stateOf = (t: Tensor, level: NoiseLevel): Codes => {
    const rows = t.shape[0]!;
    const { x: example, mask: held } = examples(rows);
    const [alpha, sigma] = [level.alpha.broadcastTo([rows]), level.sigma.broadcastTo([rows])];
    return { y: slice(t, 1, 0, 2), x: slice(t, 1, 2, 4), alpha, sigma, ...(held && { example, mask: held }) };
  };
  const atOf = (point: StepScalars, scalar: (name: string) => Tensor): Record<string, Tensor> =>
    Object.fromEntries(Object.keys(point).map((name) => [name, scalar(name)]));
  const here = (scalar: (name: string) => Tensor): NoiseLevel => ({ alpha: scalar("alpha"), sigma: scalar("sigma") });

  const first = new Affine(4, (t, scalar) =>
    packed(editor.start(examples(t.shape[0]!), atOf(start, scalar), symbolic, evaluation)).add(t.mul(0)),
  );
  const zeros = [0, 0, 0, 0];
  let moments = first.of({ mean: zeros, covariance: zeros.map(() => zeros) }, start);
  let level = { alpha: start["alpha"]!, sigma: start["sigma"]! };
  if (steps[0]) {
    const step = new Affine(4, (t, scalar) =>
      packed(editor.step(stateOf(t, here(scalar)), atOf(steps[0]!, scalar), symbolic, evaluation)),
    );
    for (const point of steps) {
      moments = step.of(moments, point);
      level = { alpha: point["nextAlpha"]!, sigma: point["nextSigma"]! };
    }
  }
  const last = new Affine(4, (t, scalar) => editor.finish(stateOf(t, here(scalar)), symbolic, evaluation));
  return last.of(moments, level);
}

/** The solution of the ODE from y = x + sigma n, sigma = sigma / alpha of the level: x shrinks to the mean along each axis of the covariance. */
function odeMoments(x: readonly number[], sigma: number): { mean: number[]; std: number[] } {
  const [half, difference] = [(VA + VB) / 2, (VA - VB) / 2];
  const radius = Math.hypot(difference, COV);
  const angle = Math.atan2(COV, difference) / 2;
  const axes = [
    { v: half + radius, along: [Math.cos(angle), Math.sin(angle)] },
    { v: half - radius, along: [-Math.sin(angle), Math.cos(angle)] },
  ];
  const mean = [...MEAN] as number[];
  const variance = [0, 0];
  for (const { v, along } of axes) {
    const shrink = v / (v + sigma ** 2);
    const distance = x.reduce((total, each, i) => total + (each - MEAN[i]!) * along[i]!, 0);
    for (const i of [0, 1]) {
      mean[i]! += Math.sqrt(shrink) * distance * along[i]!;
      variance[i]! += sigma ** 2 * shrink * along[i]! ** 2;
    }
  }
  return { mean, std: variance.map(Math.sqrt) };
}
const stds = ({ covariance }: Moments): number[] => [0, 1].map((i) => Math.sqrt(covariance[i]![i]!));

describe.each(Object.entries(processes))("image to image by the ideal denoiser of Gaussian data, %s", (_, process) => {
  const x = [1.4, 0.6];

  test.each([0.3, 0.5, 0.8])("at strength %d is the solution of the ODE from that level", (strength) => {
    const steps = 60;
    const { alpha, sigma } = process.grid({ steps, rho: 7 })[steps - Math.round(steps * strength)]!;
    const found = edited(process, { x }, { steps, strength });
    const exact = odeMoments(x, sigma / alpha);
    for (const i of [0, 1]) {
      expect(Math.abs(found.mean[i]! - exact.mean[i]!)).toBeLessThan(0.02);
      expect(Math.abs(stds(found)[i]! / exact.std[i]! - 1)).toBeLessThan(0.03);
    }
  });

  test("at strength 1 is a sample, whatever the example", () => {
    const found = edited(process, { x }, { steps: 48, strength: 1 });
    expect(edited(process, { x: [-9, 9] }, { steps: 48, strength: 1 })).toEqual(found);
    // Straight lines forget the mean, all else but for 1 / 80 or less of it.
    for (const i of [0, 1]) expect(Math.abs(found.mean[i]! - MEAN[i]!)).toBeLessThan(0.02);
    expect(Math.abs(stds(found)[0]! / A - 1)).toBeLessThan(0.03);
    expect(Math.abs(stds(found)[1]! / B - 1)).toBeLessThan(0.03);
    expect(found.covariance[0]![1]! / (stds(found)[0]! * stds(found)[1]!)).toBeCloseTo(RHO, 1);
  });

  test("at a strength near 0 is the example", () => {
    const found = edited(process, { x }, { steps: 200, strength: 0.001 });
    for (const i of [0, 1]) {
      expect(Math.abs(found.mean[i]! - x[i]!)).toBeLessThan(0.02);
      expect(stds(found)[i]!).toBeLessThan(0.02);
    }
  });
});

/** Mean and standard deviation of the second coordinate given that the first is a standard deviation above its mean, as fractions of the exact ones. */
function inpainted(process: NoiseProcess, given: Partial<DiffusionEditorOptions>): { slope: number; std: number } {
  const x = [MEAN[0] + A, 9];
  const found = edited(process, { x, mask: [0, 1] }, given);
  expect(found.mean[0]).toBeCloseTo(x[0]!, 6);
  expect(stds(found)[0]).toBe(0);
  return {
    slope: (found.mean[1]! - MEAN[1]) / (RHO * B),
    std: stds(found)[1]! / (B * Math.sqrt(1 - RHO ** 2)),
  };
}

describe("inpainting one of two correlated coordinates by the ideal denoiser", () => {
  // Taken once, steps depend on what is kept too little: slopes of 0.59 to 0.65 in place of 1, standard deviations 28 to 51 % too large.
  test.each(Object.entries(processes))(
    "has the conditional moments the better the more it resamples, %s",
    (_, process) => {
      const [once, ten, fifty] = [1, 10, 50].map((resample) => inpainted(process, { resample })) as [
        ReturnType<typeof inpainted>,
        ReturnType<typeof inpainted>,
        ReturnType<typeof inpainted>,
      ];
      expect(once.slope).toBeLessThan(0.7);
      expect(once.std).toBeGreaterThan(1.2);
      expect(Math.abs(ten.slope - 1)).toBeLessThan(0.06);
      expect(Math.abs(ten.std - 1)).toBeLessThan(0.06);
      expect(Math.abs(fifty.slope - 1)).toBeLessThan(0.045);
      expect(Math.abs(fifty.std - 1)).toBeLessThan(0.02);
    },
  );

  test("and the more levels there are", () => {
    const { slope, std } = inpainted(processes["rectified"]!, { steps: 60, resample: 20 });
    expect(Math.abs(slope - 1)).toBeLessThan(0.02);
    expect(Math.abs(std - 1)).toBeLessThan(0.02);
  });

  test.each(solverNames.filter((solver) => solver !== "renoise"))("by %s", (solver) => {
    const { slope, std } = inpainted(processes["edm"]!, { solver, resample: 10, churn: 10 });
    // Methods of first order have too little variance at so few levels, and so has dpm-solver++ where it starts again after each step back.
    const second = solver === "heun" || solver === "stochastic";
    expect(Math.abs(slope - 1)).toBeLessThan(0.06);
    expect(Math.abs(std - 1)).toBeLessThan(second ? 0.09 : 0.25);
  });

  test("keeps nothing where the mask is 1 everywhere, and all where it is 0", () => {
    const x = [1.4, 0.6];
    const free = edited(processes["edm"]!, { x, mask: [1, 1] }, { resample: 1, steps: 30 });
    const sampled = edited(processes["edm"]!, { x }, { strength: 1, steps: 30 });
    for (const i of [0, 1]) expect(free.mean[i]!).toBeCloseTo(sampled.mean[i]!, 5);
    expect(stds(free)[1]!).toBeCloseTo(stds(sampled)[1]!, 5);
    const kept = edited(processes["edm"]!, { x, mask: [0, 0] }, { resample: 1, steps: 5 });
    expect(kept.mean.map((v) => v.toFixed(5))).toEqual(["1.40000", "0.60000"]);
    expect(stds(kept)).toEqual([0, 0]);
  });
});

describe("the schedule", () => {
  const editor = diffusionEditor(partsOf(processes["edm"]!), (t) => t);
  const parsed = (given: object): DiffusionEditorOptions => editor.options.parse(given);
  const stepsOf = (given: object, masked: boolean): readonly StepScalars[] =>
    editor.schedule(parsed(given), { masked }).steps;

  test("at strength 1 without resampling is a sampler's", () => {
    const sampler = diffusionSampler(partsOf(processes["edm"]!));
    for (const solver of solverNames) {
      const own = sampler.schedule(sampler.options.parse({ solver }));
      expect(stepsOf({ solver, strength: 1 }, false)).toEqual(own);
    }
  });

  test("takes each step as often as asked, with the noise of the way back before it", () => {
    const steps = stepsOf({ steps: 4, resample: 3 }, true);
    expect(steps).toHaveLength(9);
    const [first, again] = steps as [StepScalars, StepScalars];
    expect(first).toMatchObject({ backSignal: 1, backNoise: 0 });
    expect(again["backNoise"]).toBeCloseTo(Math.sqrt(again["sigma"]! ** 2 - again["nextSigma"]! ** 2), 10);
  });

  test("does not extrapolate from a step that was not the one before in noise", () => {
    const extrapolated = stepsOf({ steps: 4, resample: 2, solver: "dpm-solver++" }, true).map(
      (at) => at["extrapolated"]!,
    );
    expect(extrapolated.map((v) => v > 0)).toEqual([false, false, true, false, true, false]);
    expect(stepsOf({ steps: 10, strength: 0.5, solver: "dpm-solver++" }, false)[0]!["extrapolated"]).toBe(0);
  });

  test("refuses to resample without a mask", () => {
    expect(() => stepsOf({ resample: 5 }, false)).toThrow(
      new ConfigError("resample: it repeats steps of inpainting, got 5 without a mask, expected a mask too"),
    );
  });
});
