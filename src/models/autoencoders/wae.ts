import { z } from "zod";
import type { Tensor } from "../../graph/tensor.ts";
import { mean } from "../../ops/reduction.ts";
import { AE, type AEConfig, aeConfig, type Pass } from "./ae.ts";
import { standardNormal } from "../parts/fixed-priors.ts";
import { type KernelName, kernelNames, mmd } from "../parts/mmd.ts";
import { defineModel } from "../definition.ts";
import { networkRemedies } from "../parts/networks.ts";
import { networkPresets } from "../parts/presets.ts";

export interface WAEConfig extends AEConfig {
  readonly kernel: KernelName;
  readonly lambda: number;
}

/**
 * Wasserstein auto-encoder with the MMD penalty (Tolstikhin, Bousquet, Gelly & Schölkopf 2017, arXiv:1711.01558, algorithm 2).
 *
 *   min over f, g:  E_x[distance(x, g(f(x)))] + lambda MMD_k(q(z), p(z))          (eq. 4)
 *
 * with p(z) = N(0, I), and q(z) the aggregate posterior, the distribution of codes f(x) over the data; a VAE matches q(z|x) of each
 * example to the prior instead. Samples are g(z) for z from the prior. The authors' code minimizes 0.05 |x - g(f(x))|^2 + 10 MMD on
 * MNIST: a lambda of 10 / 0.05 = 200 in the units of eq. 4.
 */
export const wae = defineModel<WAEConfig>({
  name: "wae",
  summary: "Wasserstein auto-encoder: matches the aggregate posterior to the prior by maximum mean discrepancy",
  paper: "arXiv:1711.01558",
  config: z.strictObject({
    ...aeConfig,
    latentDim: aeConfig.latentDim.default(8),
    kernel: z
      .enum(kernelNames)
      .default("imq")
      .describe("kernel; imq: inverse multiquadratic; rbf: Gaussian; a sum over 7 bandwidths"),
    lambda: z
      .number()
      .min(0)
      .max(1e6)
      .default(10)
      .describe("weight of the maximum mean discrepancy; the authors' for MNIST is 200"),
  }),
  presets: networkPresets,
  remedies: () => networkRemedies,
  build(config, data) {
    const { kernel, lambda, latentDim } = config;
    const prior = standardNormal(latentDim);
    const discrepancy = ({ z: codes }: Pass): Tensor => mmd(codes, prior(codes.shape[0]!).sample(), kernel);
    return new AE(config, data, {
      prior,
      loss(pass) {
        const penalty = discrepancy(pass);
        return { loss: mean(pass.reconstruction).add(penalty.mul(lambda)), metrics: { mmd: penalty } };
      },
      // The discrepancy is the batch's, the same for each of its examples.
      validation(pass) {
        const penalty = discrepancy(pass).broadcastTo(pass.reconstruction.shape);
        return {
          loss: pass.reconstruction.add(penalty.mul(lambda)),
          reconstruction: pass.reconstruction,
          mmd: penalty,
        };
      },
    });
  },
});
