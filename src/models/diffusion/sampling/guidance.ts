import { z } from "zod";
import { ConfigError } from "../../../errors.ts";
import { constant, type Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { and, greater, lessEqual, where } from "../../../ops/comparison.ts";
import type { Symbolic } from "../../sampler.ts";
import type { NoiseLevel } from "../noise/noise-level.ts";

export interface GuidanceOptions {
  readonly guidance?: number | undefined;
  readonly guidanceFrom: number;
  readonly guidanceTo: number;
}

/** Guidance at such a level: the weight of the guided prediction, a scalar or [count]. */
export type Guide = (level: NoiseLevel) => Tensor;

/**
 * What predictions are guided away from: those without the condition (classifier-free guidance, Ho & Salimans 2022, arXiv:2207.12598, eq. 6), or
 * those of a worse model of the same data (autoguidance, Karras et al. 2024, arXiv:2406.02507).
 */
export type GuidedFrom = "no condition" | "another model";

/** Above all noise levels. */
const everyLevel = 1e6;

/** The schema of GuidanceOptions. */
export const guidanceOptions = {
  guidance: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe(
      "weight of guidance towards the condition (classifier-free), or away from the model of --guide; 1: none, at twice the time without (default: none)",
    ),
  guidanceFrom: z.number().min(0).max(1e6).default(0).describe("guidance: only above this noise level, sigma / alpha"),
  guidanceTo: z
    .number()
    .min(0)
    .max(1e6)
    .default(everyLevel)
    .describe("guidance: only up to this noise level, sigma / alpha"),
};

/**
 * Throws ConfigError where guidance has noise levels and no weight, or a weight and no noise level, or where predictions cannot be guided
 * `from` anything.
 */
export function checkGuidance(
  { guidance, guidanceFrom = 0, guidanceTo = everyLevel }: Partial<GuidanceOptions>,
  from: GuidedFrom | undefined,
): void {
  if (guidance === undefined && (guidanceFrom > 0 || guidanceTo < everyLevel))
    throw new ConfigError("guidance: it is not given, got noise levels of it, expected its weight too");
  if (guidance === undefined) return;
  if (!from)
    throw new ConfigError(
      `guidance: the model has no condition that may be left out, got ${guidance}, expected one trained with conditional=true and a conditionDropout above 0, or --guide with another run`,
    );
  if (guidanceFrom >= guidanceTo)
    throw new ConfigError(
      `guidance: there is no noise level with it, got from ${guidanceFrom} to ${guidanceTo}, expected the first below the second`,
    );
}

/** The guidance of options; none where there is no weight. Throws ConfigError where it is towards a condition, and there is none. */
export function guideOf(
  { guidance, guidanceFrom, guidanceTo }: Symbolic<GuidanceOptions>,
  { condition }: Context,
  from: GuidedFrom | undefined,
): Guide | undefined {
  if (guidance === undefined) return undefined;
  if (!condition && from === "no condition")
    throw new ConfigError("guidance: it is towards a condition, got none, expected a class or another condition too");
  return ({ alpha, sigma }) => {
    const ratio = sigma.div(alpha);
    return where(and(greater(ratio, guidanceFrom), lessEqual(ratio, guidanceTo)), guidance, constant(1));
  };
}

/** D_bad + w (D_good - D_bad), written so that it is D_good exactly for w = 1. */
export function autoguided(good: Tensor, bad: Tensor, weight: Tensor): Tensor {
  return good.add(good.sub(bad).mul(weight.sub(1)));
}
