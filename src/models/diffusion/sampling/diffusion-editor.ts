import { z } from "zod";
import { ConfigError } from "../../../errors.ts";
import { noise, type Tensor } from "../../../graph/tensor.ts";
import { greater, where } from "../../../ops/comparison.ts";
import type { Editor, StepScalars } from "../../sampler.ts";
import type { SamplerParts } from "./sampler-parts.ts";
import { checkSolving, solverLoop, solverOptions, type SolverOptions, stepScalars } from "./diffusion-sampler.ts";
import { type NoiseLevel, type NoisePoint, noisy } from "../noise/noise-level.ts";

export interface DiffusionEditorOptions extends SolverOptions {
  readonly strength?: number | undefined;
  readonly resample?: number | undefined;
}

/** Of an image, and of one with a mask. */
const usualStrength = { whole: 0.5, masked: 1 } as const;
/** As often as in the paper's figures. */
const usualResample = 10;

const editorOptions = {
  strength: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe(
      `fraction of the noise levels that an example goes back through; 1: from noise alone (default: ${usualStrength.whole}, with a mask ${usualStrength.masked})`,
    ),
  resample: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      `mask: times that each step is taken, with noise added in between, so that what is new fits what is kept; 1: none (default: ${usualResample})`,
    ),
};

/**
 * Editing by sampling from the middle of the noise process.
 *
 * Image to image (Meng et al. 2022, SDEdit, arXiv:2108.01073, algorithm 1): y = alpha x + sigma n at a level below the highest, and
 * from there as a sampler.
 *
 * Inpainting (Lugmayr et al. 2022, RePaint, arXiv:2201.09865, algorithm 1, here in alpha and sigma, with m = 1 where values are new): after each step
 *
 *   y = m y + (1 - m) (alpha x + sigma n)
 *
 * and each step is taken `resample` times, from a level (alpha, sigma) to (alpha', sigma') and back with new noise,
 *
 *   y = k y' + sqrt(sigma^2 - k^2 sigma'^2) n,  k = alpha / alpha'
 *
 * A step sees what is kept under noise only, so that samples depend on it too little when each is taken once. Its repetitions are a Markov chain
 * at a level; where steps are small, its samples tend to p(new | kept) as the noise tends to 0.
 */
export function diffusionEditor(
  parts: Omit<SamplerParts, "shape">,
  centered: (x: Tensor) => Tensor,
): Editor<DiffusionEditorOptions> {
  const loop = solverLoop(parts);
  return {
    options: solverOptions(parts).extend(editorOptions),
    schedule(given, { masked }) {
      checkSolving(given, parts);
      const grid = parts.process.grid(given);
      const { strength = usualStrength[masked ? "masked" : "whole"] } = given;
      const first = grid.length - Math.max(1, Math.round(strength * grid.length));
      const { alpha, sigma } = grid[first]!;
      return {
        // The highest level is where samples start: nothing of x is left.
        start: { signal: first === 0 ? 0 : alpha, alpha, sigma },
        steps: editSteps(grid, first, { ...given, times: repetitions(given, masked), masked }),
      };
    },
    start({ x, mask }, { signal, alpha, sigma }) {
      const count = x.shape[0]!;
      const clean = centered(x);
      const level = { alpha: alpha!, sigma: sigma! };
      const y = noisy(clean, noise.normal(x.shape), { alpha: signal!, sigma: sigma! });
      const state = {
        y: mask ? keeping({ x: clean, mask }, y, level) : y,
        x: y.mul(0),
        alpha: level.alpha.broadcastTo([count]),
        sigma: level.sigma.broadcastTo([count]),
      };
      return mask ? { ...state, example: x, mask } : state;
    },
    step(state, at, given, context) {
      const { y, example, mask } = state;
      if (!mask) return loop.step(state, at, given, context);
      const back = y!.mul(at["backSignal"]!).add(noise.normal(y!.shape).mul(at["backNoise"]!));
      const next = loop.step({ ...state, y: back }, at, given, context);
      const level = { alpha: at["nextAlpha"]!, sigma: at["nextSigma"]! };
      return { ...next, y: keeping({ x: centered(example!), mask }, next["y"]!, level), example: example!, mask };
    },
    finish(state, given, context) {
      const found = loop.finish(state, given, context);
      const { example, mask } = state;
      return mask ? where(isNew(mask), found, example!) : found;
    },
  };
}

const isNew = (mask: Tensor): Tensor => greater(mask, 0.5);

/** y where the mask is 1, elsewhere x with new noise of the level. */
const keeping = ({ x, mask }: { readonly x: Tensor; readonly mask: Tensor }, y: Tensor, level: NoiseLevel): Tensor =>
  where(isNew(mask), y, noisy(x, noise.normal(x.shape), level));

function repetitions({ resample }: DiffusionEditorOptions, masked: boolean): number {
  if (masked) return resample ?? usualResample;
  if (resample === undefined) return 1;
  throw new ConfigError(
    `resample: it repeats steps of inpainting, got ${resample} without a mask, expected a mask too`,
  );
}

/** From the level `first` down to the last; with a mask each step `times` times, after the first time from noise that leads back to its start. */
function editSteps(
  grid: readonly NoisePoint[],
  first: number,
  { times, masked, ...given }: SolverOptions & { readonly times: number; readonly masked: boolean },
): readonly StepScalars[] {
  return grid.slice(first, -1).flatMap((here, place) =>
    Array.from({ length: times }, (_, time) => {
      const i = first + place;
      const step = stepScalars(given, { grid, i, restarts: place === 0 || time > 0 });
      return masked ? { ...step, ...noiseBack(time === 0 ? here : grid[i + 1]!, here) } : step;
    }),
  );
}

/** How y of a level becomes one of another that is as noisy or more: backSignal y + backNoise n. */
function noiseBack(from: NoisePoint, to: NoisePoint): { readonly backSignal: number; readonly backNoise: number } {
  if (from === to) return { backSignal: 1, backNoise: 0 };
  const kept = to.alpha / from.alpha;
  return { backSignal: kept, backNoise: Math.sqrt(Math.max(0, to.sigma ** 2 - (kept * from.sigma) ** 2)) };
}
