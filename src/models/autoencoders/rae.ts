import { z } from "zod";
import { vjp } from "../../graph/grad.ts";
import { noise, type Tensor } from "../../graph/tensor.ts";
import { parameters } from "../../nn/module.ts";
import { square } from "../../ops/arithmetic.ts";
import { mean } from "../../ops/reduction.ts";
import { AE, type AEConfig, aeConfig, type Pass } from "./ae.ts";
import { defineModel } from "../definition.ts";
import { networkPresets } from "../parts/presets.ts";
import { type Decoder, networkRemedies } from "../parts/networks.ts";
import { SpectrallyNormalized } from "../../nn/spectral-normalization.ts";

/** L_REG by name: regularizers of the decoder. */
const regularizers = {
  none: () => undefined,
  /** |theta|^2, the squares of the decoder's weights: RAE-L2. */
  l2: (_: Pass, decoder: Decoder): Tensor =>
    [...parameters(decoder).values()]
      .filter(({ rank }) => rank > 1)
      .map((weight) => square(weight).sum())
      .reduce((a, b) => a.add(b)),
  /**
   * E_x |dg(z)/dz|^2 at z = f(x), the squared Frobenius norm of the decoder's Jacobian J: RAE-GP. With v ~ N(0, I) of the
   * output's shape it is E_v |v^T J|^2 (Hutchinson), estimated by one sample for each example and step.
   */
  gp: ({ z: code, decoded }: Pass): Tensor =>
    mean(square(vjp([decoded], [noise.normal(decoded.shape)], [code])[0]!).sum(1)),
  /** None: each weight of the decoder is divided by its spectral norm: RAE-SN. */
  sn: () => undefined,
} satisfies Readonly<Record<string, (pass: Pass, decoder: Decoder) => Tensor | undefined>>;
type RegularizerName = keyof typeof regularizers;

export interface RAEConfig extends AEConfig {
  readonly beta: number;
  readonly regularizer: RegularizerName;
  readonly lambda: number;
}

/**
 * Regularized auto-encoder (Ghosh, Sajjadi, Vergari, Black & Schölkopf 2019, arXiv:1903.12436).
 *
 *   L_RAE = L_REC + beta L_Z + lambda L_REG          (eq. 11),     L_REC = |x - g(f(x))|^2,     L_Z = 1/2 |z|^2
 *
 * A deterministic counterpart of the VAE: L_Z bounds the codes, and L_REG keeps the decoder smooth between
 * them. Its samples come from a density fitted to the codes after training.
 */
export const rae = defineModel<RAEConfig>({
  name: "rae",
  summary: "Regularized auto-encoder: penalized codes and a smooth decoder, sampled from a density fitted to the codes",
  paper: "arXiv:1903.12436",
  config: z.strictObject({
    ...aeConfig,
    beta: z.number().min(0).max(1000).default(0.01).describe("weight of the code penalty, half the squared norm"),
    regularizer: z
      .enum(Object.keys(regularizers) as [RegularizerName, ...RegularizerName[]])
      .default("l2")
      .describe("regularizer of the decoder; l2: weight decay; gp: gradient penalty; sn: spectral normalization"),
    lambda: z.number().min(0).max(1000).default(1e-3).describe("weight of the regularizers l2 and gp"),
  }),
  presets: networkPresets,
  remedies: () => networkRemedies,
  build(config, data) {
    const { beta, regularizer, lambda } = config;
    const normalized = regularizer === "sn";
    return new AE(config, data, {
      ...(normalized && { decoder: (plain: Decoder) => new SpectrallyNormalized(plain) }),
      loss(pass, decoder) {
        const latentNorm = mean(latentNorms(pass));
        const regularization = regularizers[regularizer](pass, decoder);
        return {
          loss: mean(pass.reconstruction)
            .add(latentNorm.mul(beta))
            .add(regularization?.mul(lambda) ?? 0),
          metrics: { latentNorm, ...(regularization && { regularization }) },
        };
      },
      validation(pass, decoder) {
        const { reconstruction } = pass;
        const latentNorm = latentNorms(pass);
        const regularization = regularizers[regularizer](pass, decoder);
        const loss = reconstruction.add(latentNorm.mul(beta)).add(regularization?.mul(lambda) ?? 0);
        return { loss, reconstruction, latentNorm };
      },
    });
  },
});

/** L_Z of each example, [batch]. */
const latentNorms = ({ z: code }: Pass): Tensor => square(code).sum(1).mul(0.5);
