import { z } from "zod";
import { Autoregressive } from "../../bijectors/autoregressive.ts";
import type { Bijector } from "../../bijectors/bijector.ts";
import { Chain } from "../../bijectors/chain.ts";
import { affine } from "../../bijectors/elementwise.ts";
import { Permutation } from "../../bijectors/permutation.ts";
import { Planar } from "../../bijectors/planar.ts";
import { Transformed } from "../../bijectors/transformed.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { type Independent, independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { split } from "../../ops/movement.ts";
import { layerWidths } from "../parts/layer-sizes.ts";

/** q(z|x) as a value: how many numbers the encoder gives for an example, and the distribution they make. */
export interface PosteriorFamily<Q extends Distribution> {
  readonly outputs: number;
  /** Whether it is a Gaussian of independent dimensions. */
  readonly gaussian: boolean;
  /** encoded: [batch, outputs] -> a distribution over [batch, latentDim], one event a code. */
  of(encoded: Tensor, context: Context): Q;
}

export const posteriorNames = ["gaussian", "iaf", "planar"] as const;

/** Settings of q(z|x). */
export const posteriorConfig = {
  posterior: z
    .enum(posteriorNames)
    .default("gaussian")
    .describe(
      "q(z|x); gaussian: independent dimensions; iaf: inverse autoregressive flow (arXiv:1606.04934); planar: planar flow (arXiv:1505.05770)",
    ),
  flowSteps: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe("steps of the flow of q(z|x)")
    .meta({ onlyWith: { posterior: ["iaf", "planar"] } }),
  flowDims: layerWidths
    .default([128])
    .describe("iaf: widths of the hidden layers of each step")
    .meta({ onlyWith: { posterior: ["iaf"] } }),
};
export interface PosteriorConfig {
  readonly posterior: (typeof posteriorNames)[number];
  readonly flowSteps: number;
  readonly flowDims: readonly number[];
}

/** N(mean(x), diag(exp(logVar(x)))) (arXiv:1312.6114, eq. 9). */
export const gaussianFamily = (latentDim: number): PosteriorFamily<Independent<Normal>> => ({
  outputs: 2 * latentDim,
  gaussian: true,
  of(encoded) {
    const [mean, logVar] = split(encoded, -1, 2);
    return independent(new Normal(mean, { logVar }), 1);
  },
});

/**
 * The Gaussian of eq. 9, then bijectors that see an output h(x) of the encoder (Rezende & Mohamed 2015, arXiv:1505.05770; Kingma et al. 2016,
 * arXiv:1606.04934, algorithm 1):
 *
 *   z_0 ~ N(mean(x), diag(exp(logVar(x)))),     z_t = f_t(z_t-1; h(x)),     log q(z_T|x) = log q(z_0|x) - sum_t log |det df_t|
 *
 * - `iaf`: f_t scales and shifts each dimension by those before it, in one pass, and the next step sees them in the reversed order.
 * - `planar`: f_t expands or contracts along one direction.
 *
 * At first each f_t is the identity.
 */
export class FlowFamily implements PosteriorFamily<Distribution> {
  readonly bijector: Bijector;
  readonly gaussian = false;
  readonly #latentDim: number;

  constructor({ posterior, flowSteps, flowDims }: PosteriorConfig, latentDim: number) {
    this.#latentDim = latentDim;
    const given = 2 * latentDim;
    const step = (seed: number): readonly Bijector[] =>
      posterior === "planar"
        ? [new Planar(latentDim, { given })]
        : [
            new Autoregressive(affine, { size: latentDim, hiddenDims: flowDims, given, seed }),
            Permutation.reversed(latentDim),
          ];
    const all = Array.from({ length: flowSteps }, (_, i) => step(i)).flat();
    this.bijector = new Chain(all);
  }

  get outputs(): number {
    return 4 * this.#latentDim;
  }

  of(encoded: Tensor, context: Context): Distribution {
    const n = this.#latentDim;
    const [own, given] = split(encoded, -1, [2 * n, 2 * n]);
    return new Transformed(gaussianFamily(n).of(own, context), { bijector: this.bijector, context, given });
  }
}
