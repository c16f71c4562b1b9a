import { z } from "zod";
import { Normal } from "../../distributions/normal.ts";
import { ConfigError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { type ActivationName, activations, initializationFor } from "../../nn/activation.ts";
import type { Context } from "../../nn/context.ts";
import { Linear } from "../../nn/linear.ts";
import { BatchNorm } from "../../nn/normalization.ts";
import { flatten, reshape } from "../../ops/movement.ts";
import { defineModel } from "../definition.ts";
import { layerWidths } from "../parts/layer-sizes.ts";
import { networkConfig, networkRemedies } from "../parts/networks.ts";
import { likelihoodPresets } from "../parts/presets.ts";
import { Hierarchy, type HierarchyConfig, hierarchyConfig, hierarchyRemedies } from "./hierarchy.ts";
import { gaussianOf, type HierarchyNetworks, type Level } from "./level.ts";

export interface LadderConfig extends HierarchyConfig {
  readonly latentDims: readonly number[];
  readonly hiddenDims: readonly number[];
  readonly depth: number;
  readonly batchNorm: boolean;
  readonly activation: ActivationName;
  readonly inference: (typeof inferenceNames)[number];
}
const inferenceNames = ["top-down", "bottom-up"] as const;

/** `depth` linear layers of one width, each normalized and rectified, then `outDim` outputs where there are any. */
class LadderMLP {
  readonly layers: readonly Linear[];
  readonly normalizations?: readonly BatchNorm[];
  readonly last?: Linear;
  readonly #activation: ActivationName;

  constructor(
    { depth, batchNorm, activation }: LadderConfig,
    [inDim, width]: readonly [number, number],
    outDim?: number,
  ) {
    const weight = initializationFor(activation);
    this.layers = Array.from({ length: depth }, (_, i) => new Linear(i === 0 ? inDim : width, width, { weight }));
    if (batchNorm) this.normalizations = this.layers.map(() => new BatchNorm(width));
    if (outDim !== undefined) this.last = new Linear(width, outDim);
    this.#activation = activation;
  }

  apply(x: Tensor, context: Context): Tensor {
    const h = this.layers.reduce((from, layer, i) => {
      const linear = layer.apply(from);
      return activations[this.#activation](this.normalizations?.[i]?.apply(linear, context) ?? linear);
    }, x);
    return this.last?.apply(h) ?? h;
  }
}

/** A level whose features are the latent above alone: p(z_l|z_<l) = p(z_l|z_(l-1)). The top's are the mean of N(0, I). */
class LadderLevel implements Level {
  readonly shape: Shape;
  readonly toPrior?: LadderMLP;
  readonly toEstimate: Linear;

  constructor(dim: number, width: number, toPrior?: LadderMLP) {
    this.shape = [dim];
    if (toPrior) this.toPrior = toPrior;
    this.toEstimate = new Linear(width, 2 * dim);
  }

  prior(h: Tensor, context: Context): { readonly p: Normal; readonly h: Tensor } {
    const p = this.toPrior ? gaussianOf(this.toPrior.apply(h, context), this.shape) : new Normal(h, { logVar: 0 });
    return { p, h };
  }
  estimate(_: Tensor, d: Tensor): Normal {
    return gaussianOf(this.toEstimate.apply(d), this.shape);
  }
  next(_: Tensor, z: Tensor): Tensor {
    return z;
  }
}

/**
 * Ladder VAE (Sonderby et al. 2016, arXiv:1602.02282, section 2.2), z_1 at the top:
 *
 *   d_L = MLP(x),   d_l = MLP(d_(l+1)),     p(z_l|z_(l-1)) = N(mean(z_(l-1)), var(z_(l-1))),     p(x|z_L)
 *
 * with one Gaussian of each d_l that the posterior is made of. The paper counts its levels from the bottom. With inference from the bottom
 * up it is the plain stack of layers that the paper compares with, whose d_l = MLP(z_(l+1)): two of them make the model of two-layer.ts.
 */
class LadderNetworks implements HierarchyNetworks {
  /** Top first, as the levels. */
  readonly encoders: readonly LadderMLP[];
  readonly levels: readonly LadderLevel[];
  readonly decoder: LadderMLP;
  readonly climb?: NonNullable<HierarchyNetworks["climb"]>;
  readonly #topDim: number;
  readonly #decoded: Shape;

  constructor(config: LadderConfig, { shape, decoded }: { readonly shape: Shape; readonly decoded: Shape }) {
    const { latentDims, hiddenDims, inference } = config;
    const climbs = inference === "bottom-up";
    if (latentDims.length !== hiddenDims.length)
      throw new ConfigError(
        `hiddenDims: one width for each latent, got ${hiddenDims.length} for ${latentDims.length} latents (latentDims=${latentDims.join(",")}), expected ${latentDims.length}`,
      );
    this.encoders = hiddenDims.map(
      (width, i) => new LadderMLP(config, [(climbs ? latentDims : hiddenDims)[i + 1] ?? sizeOf(shape), width]),
    );
    this.levels = latentDims.map((dim, i) => {
      // The network below a latent is as wide as the one that goes up to it.
      const from = i === 0 ? undefined : ([latentDims[i - 1]!, hiddenDims[i - 1]!] as const);
      return new LadderLevel(dim, hiddenDims[i]!, from && new LadderMLP(config, from, 2 * dim));
    });
    this.decoder = new LadderMLP(config, [latentDims.at(-1)!, hiddenDims.at(-1)!], sizeOf(decoded));
    if (climbs)
      this.climb = (x, context, take) => {
        this.levels.reduceRight(
          (below, level, i) => take(level.estimate(below, this.encoders[i]!.apply(below, context)), i),
          flatten(x),
        );
      };
    this.#topDim = latentDims[0]!;
    this.#decoded = decoded;
  }

  rise(x: Tensor, context: Context): readonly Tensor[] {
    const features: Tensor[] = [];
    this.encoders.reduceRight((from, encoder) => {
      const d = encoder.apply(from, context);
      features.unshift(d);
      return d;
    }, flatten(x));
    return features;
  }

  start(count: number): Tensor {
    return constant(0).broadcastTo([count, this.#topDim]);
  }

  output(h: Tensor, context: Context): Tensor {
    return reshape(this.decoder.apply(h, context), [h.shape[0]!, ...this.#decoded]);
  }
}

/** The registered model. */
export const ladderVAE = defineModel<LadderConfig>({
  name: "ladder-vae",
  summary: "Ladder VAE: several latents whose posterior meets the prior from above on its way down",
  paper: "arXiv:1602.02282",
  config: z.strictObject({
    latentDims: layerWidths.default([4, 8, 16, 32, 64]).describe("dimensions of each latent, the top one first"),
    hiddenDims: layerWidths
      .default([32, 64, 128, 256, 512])
      .describe("width of the networks below each latent, and up to it, the top one first"),
    depth: z.int().min(1).max(16).default(2).describe("hidden layers of each of them"),
    batchNorm: z.boolean().default(true).describe("batch normalization of the hidden layers"),
    activation: networkConfig.activation.default("leakyRelu"),
    inference: z
      .enum(inferenceNames)
      .default("top-down")
      .describe("which latent q(z_l|...) is given: the one above, or the one below, as in a plain stack of layers"),
    ...hierarchyConfig,
    posterior: hierarchyConfig.posterior.default("combined").meta({ onlyWith: { inference: ["top-down"] } }),
    warmup: hierarchyConfig.warmup.default(10_000),
  }),
  presets: likelihoodPresets,
  remedies: (config) => ({ ...networkRemedies, ...hierarchyRemedies(config) }),
  build: (config, data) =>
    new Hierarchy(config, data, (decoded) => ({
      networks: new LadderNetworks(config, { shape: data.shape, decoded }),
      standardTop: true,
    })),
});
