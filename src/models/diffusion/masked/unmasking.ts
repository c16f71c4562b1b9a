import { z } from "zod";
import { gumbelNoise } from "../../../distributions/noise.ts";
import { Categorical } from "../../../distributions/categorical.ts";
import { constant, noise, type Tensor } from "../../../graph/tensor.ts";
import type { Context } from "../../../nn/context.ts";
import { and, cast, equal, greater, greaterEqual, where } from "../../../ops/comparison.ts";
import { floor } from "../../../ops/elementwise.ts";
import { sum } from "../../../ops/reduction.ts";
import type { Codes } from "../../latent.ts";
import { mostPositions, type SymbolCoding } from "../../symbols/symbol-coding.ts";
import {
  completes,
  sampleSymbols,
  symbolSamplingOptions,
  type SymbolSamplingOptions,
} from "../../symbols/symbol-sampling.ts";
import type { Editor, Sampler, StepScalars, Symbolic } from "../../sampler.ts";
import { ranks } from "./masked-bound.ts";

export interface UnmaskingOptions extends SymbolSamplingOptions {
  readonly steps: number;
  readonly order: (typeof orderNames)[number];
  readonly orderTemperature: number;
  readonly pace: (typeof paceNames)[number];
}

export const orderNames = ["random", "confidence"] as const;
export const paceNames = ["cosine", "linear"] as const;

/** What a sampler needs of a model. */
export interface UnmaskingParts {
  readonly coding: Pick<SymbolCoding, "length" | "toSymbols" | "toExamples" | "covered">;
  /** The token of a masked position. */
  readonly extra: number;
  /** Logits [rows, length, symbols] of tokens, int64 [rows, length]. */
  readonly predict: (tokens: Tensor, context: Context) => Tensor;
}

/** The schema of UnmaskingOptions. */
const unmaskingOptions = z.strictObject({
  steps: z
    .int()
    .positive()
    .max(mostPositions)
    .default(16)
    .describe("steps, each a pass of the network; as many as positions at most, for one a step"),
  order: z
    .enum(orderNames)
    .default("random")
    .describe("positions sampled first: any alike, or those whose symbol has the highest probability (MaskGIT)"),
  orderTemperature: z
    .number()
    .min(0)
    .max(100)
    .default(4.5)
    .describe(
      "confidence: Gumbel noise added to log-probabilities in the order, which falls to 0 with the steps; more for more variety",
    )
    .meta({ onlyWith: { order: ["confidence"] } }),
  pace: z
    .enum(paceNames)
    .default("cosine")
    .describe("positions in a step: cosine: few at first and more later, or linear: as many in each"),
  ...symbolSamplingOptions,
});

/** Masked positions after each step, of n: fewer each time, and none after the last. */
export function maskedCounts(n: number, { steps, pace }: Pick<UnmaskingOptions, "steps" | "pace">): readonly number[] {
  const all = Math.min(steps, n);
  let before = n;
  return Array.from({ length: all }, (_, k) => {
    const u = (k + 1) / all;
    const left = pace === "linear" ? 1 - u : Math.cos((Math.PI / 2) * u);
    // At least one in each step, which leaves one for each that comes.
    return (before = Math.max(all - k - 1, Math.min(before - 1, Math.floor(n * left + ROUNDING))));
  });
}

/** Of products that are whole numbers but for rounding. */
const ROUNDING = 1e-3;

/** The scalars of each step: masked positions after it as a fraction of those at the start, and how much of the noise in the order is left. */
const scheduled = (length: number, options: UnmaskingOptions): StepScalars[] => {
  const counts = maskedCounts(length, options);
  return counts.map((count, k) => ({ masked: count / length, noise: 1 - (k + 1) / counts.length }));
};

/**
 * Samples of absorbing-state diffusion: all positions are masked; each step samples some of them, independently given those that are known, which
 * stay as they are. One position a step in random order is exact ancestral sampling of a model of any order (arXiv:2110.02037); fewer
 * steps are faster and take positions of one step for independent. In the order of confidence: MaskGIT (Chang et al. 2022, arXiv:2202.04200).
 */
export function unmaskingSampler(parts: UnmaskingParts): Sampler<UnmaskingOptions> {
  const { coding, extra } = parts;
  const { length } = coding;
  return {
    options: unmaskingOptions,
    passes: ({ steps }) => Math.min(steps, length),
    schedule: (options) => scheduled(length, options),
    start: (count) => ({
      symbols: constant(extra, [], "int64").broadcastTo([count, length]),
      total: constant(length).broadcastTo([count, 1]),
    }),
    step: (state, at, options, context) => unmasked(parts, state, { at, options, context }),
    finish: ({ symbols }) => coding.toExamples(known(symbols!, extra)),
  };
}

/** The same from examples whose masked part is sampled: all that is kept informs each position, wherever it is. */
export function unmaskingEditor(parts: UnmaskingParts): Editor<UnmaskingOptions> {
  const { coding, extra } = parts;
  return {
    options: unmaskingOptions,
    schedule(options, { masked }) {
      completes(masked);
      return { start: {}, steps: scheduled(coding.length, options) };
    },
    start({ x, mask }) {
      const isNew = greater(coding.covered(mask!), 0);
      return {
        symbols: where(isNew, constant(extra, [], "int64"), coding.toSymbols(x)),
        total: sum(cast(isNew, "float32"), 1, true),
        x,
        mask: mask!,
      };
    },
    step: (state, at, options, context) => ({ ...state, ...unmasked(parts, state, { at, options, context }) }),
    finish: ({ symbols, x, mask }) => where(greater(mask!, 0), coding.toExamples(known(symbols!, extra)), x!),
  };
}

interface Step {
  readonly at: Readonly<Record<string, Tensor>>;
  readonly options: Symbolic<UnmaskingOptions>;
  readonly context: Context;
}

function unmasked(
  { extra, predict }: UnmaskingParts,
  { symbols, total }: Codes,
  { at, options, context }: Step,
): Codes {
  const tokens = symbols!;
  const logits = predict(tokens, context);
  const sampled = sampleSymbols(logits, options);
  const masked = equal(tokens, constant(extra, [], "int64"));
  // Those of the lowest scores stay masked.
  const score =
    options.order === "random"
      ? noise.uniform(tokens.shape)
      : new Categorical(logits)
          .logProb(sampled)
          .add(gumbelNoise(tokens.shape, "float32").mul(at["noise"]!.mul(options.orderTemperature)));
  const left = floor(total!.mul(at["masked"]!).add(ROUNDING));
  const place = cast(ranks(where(masked, score, KNOWN)), "float32");
  return { symbols: where(and(masked, greaterEqual(place, left)), sampled, tokens), total: total! };
}

/** A score above that of any masked position. */
const KNOWN = 1e9;

/** Symbols, 0 where masked. */
const known = (symbols: Tensor, extra: number): Tensor =>
  where(equal(symbols, constant(extra, [], "int64")), constant(0, [], "int64"), symbols);
