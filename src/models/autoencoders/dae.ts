import { z } from "zod";
import { ConfigError } from "../../errors.ts";
import { noise, type Tensor } from "../../graph/tensor.ts";
import { less, where } from "../../ops/comparison.ts";
import { AE, type AEConfig, aeConfig } from "./ae.ts";
import { defineModel } from "../definition.ts";
import { networkRemedies } from "../parts/networks.ts";
import { networkPresets } from "../parts/presets.ts";

const corruptions = {
  /** x + N(0, noise^2). */
  gaussian: (x: Tensor, std: number): Tensor => noise.normal(x.shape).mul(std).add(x),
  /** A fraction of the values becomes 0. */
  masking: (x: Tensor, fraction: number): Tensor => where(less(noise.uniform(x.shape), fraction), 0, x),
  /** A fraction of the values becomes 0 or 1, each as likely. */
  "salt-and-pepper": (x: Tensor, fraction: number): Tensor => {
    const u = noise.uniform(x.shape);
    return where(less(u, fraction / 2), 0, where(less(u, fraction), 1, x));
  },
} as const;
type CorruptionName = keyof typeof corruptions;

export interface DAEConfig extends AEConfig {
  readonly corruption: CorruptionName;
  readonly noise: number;
}

/**
 * Denoising auto-encoder (Vincent, Larochelle, Bengio & Manzagol, "Extracting and composing robust features with denoising
 * autoencoders", ICML 2008; "Stacked denoising autoencoders", JMLR 11, 2010).
 *
 *   min over f, g:  E_x E_q(x~|x)[distance(x, g(f(x~)))]
 *
 * with a corrupted x~ ~ q(x~|x), sampled anew for each example and step, against the clean x. With the squared distance
 * g(f(x~)) comes to E[x | x~], and g(f(x~)) - x~ to noise^2 times the score of the corrupted data's density (Alain & Bengio
 * 2012, arXiv:1211.4246).
 */
export const dae = defineModel<DAEConfig>({
  name: "dae",
  summary: "Denoising auto-encoder: reconstructs clean examples from corrupted ones",
  paper: "JMLR 11 (2010) 3371",
  config: z.strictObject({
    ...aeConfig,
    corruption: z
      .enum(Object.keys(corruptions) as [CorruptionName, ...CorruptionName[]])
      .default("gaussian")
      .describe("corruption; gaussian: adds noise; masking: sets values to 0; salt-and-pepper: to 0 or 1"),
    noise: z
      .number()
      .min(0)
      .max(100)
      .default(0.5)
      .describe("noise level; gaussian: standard deviation; masking, salt-and-pepper: fraction of values"),
  }),
  presets: networkPresets,
  remedies: () => networkRemedies,
  build(config, data) {
    const { corruption, noise: strength } = config;
    if (corruption !== "gaussian" && strength > 1)
      throw new ConfigError(
        `noise: for corruption=${corruption} it is a fraction of the values, got ${strength}, expected a number from 0 to 1`,
      );
    return new AE(config, data, { corrupt: (x) => corruptions[corruption](x, strength) });
  },
});
