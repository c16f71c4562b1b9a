import { z } from "zod";
import type { Bijector } from "../../bijectors/bijector.ts";
import { Chain } from "../../bijectors/chain.ts";
import { Dequantize } from "../../bijectors/images/dequantize.ts";
import { Flatten } from "../../bijectors/images/flatten.ts";
import { Logit } from "../../bijectors/images/logit.ts";
import { ConfigError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { type ActivationName, activations } from "../../nn/activation.ts";
import type { Context } from "../../nn/context.ts";
import type { Remedies } from "../definition.ts";
import type { Codes } from "../latent.ts";
import type { DataSpec, FieldSpec, Model } from "../model.ts";
import { conditionSize, conditionVector } from "../parts/condition-vector.ts";
import { fieldsOf } from "../parts/fields.ts";
import { layerWidths } from "../parts/layer-sizes.ts";
import { Flow } from "./flow.ts";
import { InverseSteps, samplerInSteps } from "./inverse-steps.ts";
import { type LevelsConfig, levelsOf, LOGIT_ALPHA } from "./levels.ts";
import { MixedFlow } from "./mixed-flow.ts";
import { TrainingNoise } from "./training-noise.ts";

/** Settings of flows of vectors, whatever their bijectors. */
export const vectorFlowConfig = {
  hiddenDims: layerWidths.default([128, 128]).describe("widths of the hidden layers of each bijector's network"),
  activation: z
    .enum(Object.keys(activations) as [ActivationName, ...ActivationName[]])
    .default("relu")
    .describe("nonlinearity between layers"),
  dropout: z.number().min(0).lt(1).default(0).describe("dropout rate after each hidden layer"),
  noise: z
    .number()
    .min(0)
    .max(10)
    .default(0)
    .describe("standard deviation of noise that training examples get, a regularizer where there are few"),
  conditional: z.boolean().default(false).describe("model p(x | class) of labeled data"),
};
export interface VectorFlowConfig {
  readonly hiddenDims: readonly number[];
  readonly activation: ActivationName;
  readonly dropout: number;
  readonly noise: number;
  readonly conditional: boolean;
}

/** Scales grow without bound about a value that many examples share exactly. */
export const flowRemedies = (): Remedies => ({
  divergence: ["of values that repeat exactly, which have no density, --set noise=0.01"],
});

/** What a list of bijectors is made for: how many values an example has, and the length of the vector that it is conditioned on. */
export interface VectorSpec {
  readonly size: number;
  readonly given: number;
}

/**
 * A flow of vectors: of points, of lists of real numbers, of codes, of rows of a table, or of intensities with uniform noise between their levels. The numbers
 * of a row go through the bijectors, given its categories where it has some ([mixed-flow.ts](mixed-flow.ts)). Throws ConfigError for data that have no
 * density.
 */
export function vectorFlow(
  name: string,
  config: VectorFlowConfig & LevelsConfig,
  data: DataSpec,
  bijectors: (spec: VectorSpec) => readonly Bijector[],
): Model {
  const levels = levelsOf(name, config, data);
  const fields: readonly FieldSpec[] = config.conditional ? fieldsOf(data, ["class"]) : [];
  const size = sizeOf(data.shape);
  const numbers = data.columns?.filter(({ kind }) => kind === "number").length ?? size;
  if (numbers === 0)
    throw new ConfigError(
      `${name}: a flow is of real numbers, got a table of categories alone, expected a column of numbers, or the model made`,
    );
  const all: readonly Bijector[] = [
    ...(levels === undefined ? [] : [new Dequantize(levels), new Logit(LOGIT_ALPHA)]),
    ...(data.shape.length === 1 ? [] : [new Flatten(data.shape)]),
    ...(config.noise === 0 ? [] : [new TrainingNoise(config.noise)]),
    ...bijectors({ size: numbers, given: size - numbers + conditionSize(fields) }),
  ];
  const chain = new Chain(all);
  if (numbers < size) {
    const { hiddenDims, activation, conditional } = config;
    const categories = { ...categoriesConfig, hiddenDims, activation, conditional };
    const condition = fields.length > 0 ? { fields, required: true } : undefined;
    return new MixedFlow({ bijector: chain, condition, categories }, data);
  }
  const { passes } = new InverseSteps(all);
  const given = (_: Codes, rows: number, context: Context): Tensor | undefined =>
    fields.length > 0 ? conditionVector(fields, context, rows) : undefined;
  return new Flow(chain, data, {
    fields,
    coded: passes <= MOST_DECODED,
    ...(passes > MOST_UNROLLED && { sampler: samplerInSteps(all, size, given) }),
    ...(levels !== undefined && { dequantized: { levels, noise: "uniform" } }),
  });
}

/**
 * Passes of autoregressive networks up to which samples are one graph, with a copy of a network for each, and those up to which codes are decoded by
 * one. A graph of 50 took 0.3 s of one core to compile (splines: 0.9 s), one of 250 took 2 s (6 s).
 */
const MOST_UNROLLED = 50;
const MOST_DECODED = 1000;

/** One order of the categories, that of the table. */
const categoriesConfig = {
  masks: 1,
  ordering: "natural",
  conditionals: "mixture",
  levels: 2,
  components: 1,
} as const;
