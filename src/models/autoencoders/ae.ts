import { z } from "zod";
import { Delta } from "../../distributions/delta.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { independent } from "../../distributions/independent.ts";
import type { Tensor, Variable } from "../../graph/tensor.ts";
import { parameters } from "../../nn/module.ts";
import { square } from "../../ops/arithmetic.ts";
import { mean } from "../../ops/reduction.ts";
import type { Batch, Codes, DataSpec, Model, ModelDefinition, Objective } from "../model.ts";
import { networkPresets } from "../parts/presets.ts";
import {
  type Decoder,
  decoderFor,
  type Encoder,
  encoderFor,
  type NetworkConfig,
  networkConfig,
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

/** What a relative of the auto-encoder does otherwise. */
export interface Variation {
  /** What the encoder sees of x while training; x itself when missing. */
  readonly corrupt?: (x: Tensor) => Tensor;
  /** The decoder in place of the plain one. */
  readonly decoder?: (plain: Decoder) => Decoder;
  /** p(z), where the codes are made to follow one. */
  readonly prior?: (count: number) => Distribution;
  /** What is minimized in place of the mean distance, and what to report beside it: scalars. */
  readonly loss?: (
    pass: Pass,
    decoder: Decoder,
  ) => {
    readonly loss: Tensor;
    readonly metrics: Readonly<Record<string, Tensor>>;
    /** The next value of variables that the graph itself changes. */
    readonly updates?: ReadonlyMap<Variable, Tensor>;
  };
  /** Figures of each example, [batch], that come before those of every auto-encoder. */
  readonly scores?: (pass: Pass) => Readonly<Record<string, Tensor>>;
}

/**
 * Auto-encoder (Rumelhart, Hinton & Williams, "Learning internal representations by error propagation", 1986; Hinton &
 * Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 313, 2006).
 *
 *   min over f, g:  E_x[distance(x, g(f(x)))]
 *
 * with the encoder f, the decoder g and z = f(x). A code is a point: there is no rate, and nothing to draw codes from. With
 * linear networks and the squared distance the best g(f(x)) is the projection on the principal subspace (Baldi & Hornik 1989).
 */
export class AE implements Model {
  readonly encoder: Encoder;
  readonly decoder: Decoder;
  readonly distance: ReconstructionLoss;
  readonly latents: Codes;
  readonly variation: Variation;
  /** What the encoder saw of x while training, drawn anew at each run. */
  readonly corrupt?: (x: Tensor) => Tensor;
  readonly sample?: NonNullable<Model["sample"]>;

  constructor(config: AEConfig, data: DataSpec, variation: Variation = {}) {
    const { shape } = data;
    this.variation = variation;
    this.distance = reconstructionLosses[config.loss];
    this.encoder = encoderFor(config, data, config.latentDim);
    const decoder = decoderFor(config, config.latentDim, shape);
    this.decoder = variation.decoder?.(decoder) ?? decoder;
    const { prior, corrupt } = variation;
    this.latents = { shape: [config.latentDim], ...(prior && { prior }) };
    if (corrupt) this.corrupt = corrupt;
    if (prior)
      this.sample = (count, { temperature = 1 } = {}) => this.decode(prior(count).sample().mul(temperature)).mean;
  }

  /** All probability at z = f(x). */
  encode(x: Tensor): Distribution {
    return independent(new Delta(this.encoder.apply(x)), 1);
  }

  /** All probability at the example g(z). */
  decode(z: Tensor): Distribution {
    const decoded = this.distance.example(this.decoder.apply(z));
    return independent(new Delta(decoded), decoded.rank - 1);
  }

  reconstruct(x: Tensor): Tensor {
    return this.decode(this.encode(x).mean).mean;
  }

  objectives({ x }: Batch): readonly Objective[] {
    const pass = this.pass(x);
    const reconstruction = mean(pass.reconstruction);
    const { metrics, ...rest } = this.variation.loss?.(pass, this.decoder) ?? { loss: reconstruction, metrics: {} };
    return [{ name: "loss", ...rest, parameters: parameters(this), metrics: { reconstruction, ...metrics } }];
  }

  /** distance(x, g(f(x))), of the corrupted x where training corrupts it; and the mean squared error of a value. */
  scores(x: Tensor): Readonly<Record<string, Tensor>> {
    const pass = this.pass(x);
    const { reconstruction, decoded } = pass;
    const mse = mean(square(decoded.sub(x)), x.shape.map((_, i) => i).slice(1));
    return { ...this.variation.scores?.(pass), reconstruction, mse };
  }

  pass(x: Tensor): Pass {
    const z = this.encoder.apply(this.corrupt?.(x) ?? x);
    const output = this.decoder.apply(z);
    return { z, decoded: this.distance.example(output), reconstruction: this.distance.distance(output, x) };
  }
}

/** Settings of every auto-encoder. */
export const aeConfig = {
  latentDim: z.int().positive().max(4096).default(32).describe("numbers in a code"),
  ...networkConfig,
  loss: z
    .enum(reconstructionLossNames)
    .default("l2")
    .describe("distance of an example from its reconstruction; bce: the cross-entropy of intensities"),
};

/** The model as commands know it. */
export const ae: ModelDefinition<AEConfig> = {
  name: "ae",
  summary: "Auto-encoder: a code per example, from which it is reconstructed",
  paper: "Science 313 (2006) 504",
  config: z.strictObject(aeConfig),
  presets: networkPresets,
  build: (config, data) => new AE(config, data),
};
