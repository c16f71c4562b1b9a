import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { gumbelNoise } from "../../distributions/noise.ts";
import { less, where } from "../../ops/comparison.ts";
import { argmax, cumsum, min, softmax } from "../../ops/reduction.ts";
import { sort } from "../../ops/sorting.ts";
import type { Symbolic } from "../sampler.ts";

/** How symbols are sampled from their probabilities. */
export interface SymbolSamplingOptions {
  readonly temperature: number;
  readonly topP?: number | undefined;
}

/** The schema of SymbolSamplingOptions. */
export const symbolSamplingOptions = {
  temperature: z
    .number()
    .min(0)
    .max(100)
    .default(1)
    .describe("temperature: logits are divided by it; 0 for the likeliest symbol, below 1 for more typical samples"),
  topP: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe("nucleus sampling: from the likeliest symbols whose probabilities sum to this (default: from all)"),
};

/**
 * Symbols, int64 [...], of logits [..., k] at a temperature T, by Gumbel's maximum: argmax(logits + T g) has the probabilities softmax(logits / T).
 * With topP from the nucleus alone, of the probabilities at T = 1 (Holtzman et al. 2020, arXiv:1904.09751).
 */
export function sampleSymbols(logits: Tensor, { temperature, topP }: Symbolic<SymbolSamplingOptions>): Tensor {
  const kept = topP ? nucleus(logits, topP) : logits;
  return argmax(kept.add(gumbelNoise(logits.shape, "float32").mul(temperature)), -1);
}

/** Logits with minus infinity, in all but name, outside the smallest set of symbols whose probabilities sum to p. */
function nucleus(logits: Tensor, p: Tensor): Tensor {
  const probabilities = softmax(logits);
  const descending = sort(probabilities, -1, { descending: true });
  // The first one is always in.
  const inside = less(cumsum(descending, -1, { exclusive: true }), p);
  const least = min(where(inside, descending, 1), -1, true);
  return where(less(probabilities, least), -1e9, logits);
}

/** Throws ConfigError for an edit without a mask: of symbols nothing is left between all and nothing. */
export function completes(masked: boolean): void {
  if (!masked)
    throw new ConfigError("edit: a model of symbols completes examples, got no mask, expected --mask of what is new");
}
