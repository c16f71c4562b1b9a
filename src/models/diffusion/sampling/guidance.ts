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

/** Classifier-free guidance at such a level: the weight of the conditional prediction, a scalar or [count]. */
export type Guide = (level: NoiseLevel) => Tensor;

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
      "weight of classifier-free guidance towards the condition; 1: none, at twice the time without (default: none)",
    ),
  guidanceFrom: z.number().min(0).max(1e6).default(0).describe("guidance: only above this noise level, sigma / alpha"),
  guidanceTo: z
    .number()
    .min(0)
    .max(1e6)
    .default(everyLevel)
    .describe("guidance: only up to this noise level, sigma / alpha"),
};

/** Throws ConfigError where guidance has noise levels and no weight, or a weight and no noise level. */
export function checkGuidance({ guidance, guidanceFrom = 0, guidanceTo = everyLevel }: Partial<GuidanceOptions>): void {
  if (guidance === undefined && (guidanceFrom > 0 || guidanceTo < everyLevel))
    throw new ConfigError("guidance: it is not given, got noise levels of it, expected its weight too");
  if (guidance !== undefined && guidanceFrom >= guidanceTo)
    throw new ConfigError(
      `guidance: there is no noise level with it, got from ${guidanceFrom} to ${guidanceTo}, expected the first below the second`,
    );
}

/** The guidance of options; none where there is no weight. Throws ConfigError where there is a weight and no condition. */
export function guideOf(given: Symbolic<GuidanceOptions>, { condition }: Context): Guide | undefined {
  const { guidance, guidanceFrom, guidanceTo } = given;
  if (guidance === undefined) return undefined;
  if (!condition)
    throw new ConfigError("guidance: it is towards a condition, got none, expected a class or another condition too");
  return ({ alpha, sigma }) => {
    const ratio = sigma.div(alpha);
    return where(and(greater(ratio, guidanceFrom), lessEqual(ratio, guidanceTo)), guidance, constant(1));
  };
}
