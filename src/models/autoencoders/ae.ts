import { z } from "zod";
import { Delta } from "../../distributions/delta.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { independent } from "../../distributions/independent.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { square } from "../../ops/arithmetic.ts";
import { mean } from "../../ops/reduction.ts";
import { defineModel } from "../definition.ts";
import type { Codes, Latent } from "../latent.ts";
import type { Batch, DataSpec, Model, Objective } from "../model.ts";
import { networkPresets } from "../parts/presets.ts";
import {
  type Decoder,
  decoderFor,
  type Encoder,
  encoderFor,
  type NetworkConfig,
  networkConfig,
  networkRemedies,
} from "../parts/networks.ts";
import {
  type ReconstructionLoss,
  type ReconstructionLossName,
  reconstructionLossNames,
  reconstructionLosses,
} from "./reconstruction-losses.ts";

export interface AEConfig extends NetworkConfig {
  readonly latentDim: number;
  readonly loss: ReconstructionLossName;
}

/** A batch on its way through an auto-encoder. */
export interface Pass {
  /** [batch, latentDim]. */
  readonly z: Tensor;
  /** The decoder's output as an example, [batch, ...shape]. */
  readonly decoded: Tensor;
  /** The distance of each example from the clean x, [batch]. */
  readonly reconstruction: Tensor;
}

/** What a variant of the auto-encoder changes. */
export interface Variation {
  /** What the encoder sees of x while training; x itself when missing. */
  readonly corrupt?: (x: Tensor) => Tensor;
  /** The decoder in place of the plain one. */
  readonly decoder?: (plain: Decoder) => Decoder;
  /** p(z), where the codes are matched to one. */
  readonly prior?: (count: number) => Distribution;
  /** What is minimized in place of the mean distance, and what to report beside it: scalars. */
  readonly loss?: (
    pass: Pass,
    decoder: Decoder,
  ) => {
    readonly loss: Tensor;
    readonly metrics: Readonly<Record<string, Tensor>>;
  };
  /** Metrics of each example, [batch], that come before those of every auto-encoder: first of all the objective. */
  readonly validation?: (pass: Pass, decoder: Decoder) => Readonly<Record<string, Tensor>>;
}

/**
 * Auto-encoder (Rumelhart, Hinton & Williams, "Learning internal representations by error propagation", 1986; Hinton &
 * Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 313, 2006).
 *
 *   min over f, g:  E_x[distance(x, g(f(x)))]
 *
 * with the encoder f, the decoder g and z = f(x). A code is a point: there is no rate, and no p(z) to sample. With
 * linear networks and the squared distance the best g(f(x)) is the projection on the principal subspace (Baldi & Hornik 1989).
 */
export class AE implements Model {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly distance: ReconstructionLoss;
  readonly latents: readonly [Latent];
  readonly variation: Variation;
  /** What the encoder saw of x while training, sampled anew at each run. */
  readonly corrupt?: (x: Tensor) => Tensor;

  constructor(config: AEConfig, data: DataSpec, variation: Variation = {}) {
    const { shape } = data;
    this.variation = variation;
    this.distance = reconstructionLosses[config.loss];
    this.encoder = encoderFor(config, data, config.latentDim);
    const decoder = decoderFor(config, config.latentDim, shape);
    this.decoder = variation.decoder?.(decoder) ?? decoder;
    const { prior, corrupt } = variation;
    const code = { name: "z", shape: [config.latentDim], dtype: "float32" } as const;
    this.latents = [prior ? { ...code, prior: (_, count): Distribution => prior(count), standardNormal: true } : code];
    if (corrupt) this.corrupt = corrupt;
  }

  /** All probability at z = f(x). */
  encode(x: Tensor, context: Context): { readonly z: Distribution } {
    return { z: independent(new Delta(this.encoder.apply(x, context)), 1) };
  }

  /** All probability at the example g(z). */
  decode(codes: Codes, context: Context): Distribution {
    const decoded = this.distance.example(this.decoder.apply(codes["z"]!, context));
    return independent(new Delta(decoded), decoded.rank - 1);
  }

  reconstruct(x: Tensor, context: Context): Tensor {
    return this.decode({ z: this.encode(x, context).z.mean }, context).mean;
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const pass = this.pass(x, contextOf("loss"));
    const reconstruction = mean(pass.reconstruction);
    const { metrics, loss } = this.variation.loss?.(pass, this.decoder) ?? { loss: reconstruction, metrics: {} };
    return [{ name: "loss", loss, parameters: parameters(this), metrics: { reconstruction, ...metrics } }];
  }

  /** distance(x, g(f(x))), of the corrupted x where training corrupts it; and the mean squared error over values. */
  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    const pass = this.pass(x, context);
    const { reconstruction, decoded } = pass;
    const mse = mean(square(decoded.sub(x)), x.shape.map((_, i) => i).slice(1));
    return { ...this.variation.validation?.(pass, this.decoder), reconstruction, mse };
  }

  pass(x: Tensor, context: Context): Pass {
    const z = this.encoder.apply(this.corrupt?.(x) ?? x, context);
    const output = this.decoder.apply(z, context);
    return { z, decoded: this.distance.example(output), reconstruction: this.distance.distance(output, x) };
  }
}

/** Settings of every auto-encoder. */
export const aeConfig = {
  latentDim: z.int().positive().max(4096).default(32).describe("latent dimensions"),
  ...networkConfig,
  loss: z
    .enum(reconstructionLossNames)
    .default("l2")
    .describe("reconstruction loss: squared error, absolute error, or the cross-entropy of intensities"),
};

/** The registered model. */
export const ae = defineModel<AEConfig>({
  name: "ae",
  summary: "Auto-encoder: encodes each example to a code and decodes it back",
  paper: "Science 313 (2006) 504",
  config: z.strictObject(aeConfig),
  presets: networkPresets,
  remedies: () => networkRemedies,
  build: (config, data) => new AE(config, data),
});
