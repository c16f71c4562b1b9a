import { z } from "zod";
import { Categorical } from "../../distributions/categorical.ts";
import { Delta } from "../../distributions/delta.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { independent } from "../../distributions/independent.ts";
import { ConfigError } from "../../errors.ts";
import { sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { reshape } from "../../ops/movement.ts";
import { mean, sum } from "../../ops/reduction.ts";
import { defineModel, type Remedies } from "../definition.ts";
import type { Codes, Latent, Posteriors, Take } from "../latent.ts";
import type { Batch, DataSpec, Elbo, Model, Objective } from "../model.ts";
import { layerChannels } from "../parts/layer-sizes.ts";
import { type Likelihood, likelihood, type LikelihoodConfig, likelihoodConfig } from "../parts/likelihoods.ts";
import { networkConfig, networkRemedies } from "../parts/networks.ts";
import { type GridNetworkConfig, type Level, levelsFor } from "./networks.ts";
import { asLatent, asRows, atUnitScale, relativeError } from "./quantizers/columns.ts";
import { likelihoodPresets } from "../parts/presets.ts";
import type { Quantizer } from "./quantizers/quantizer.ts";
import { isNormalized, quantizerConfig, type QuantizerConfig, quantizerFor } from "./quantizers/settings.ts";
import { perplexityOf, RunningCounts } from "./quantizers/running-counts.ts";

export interface VQVAEConfig extends GridNetworkConfig, QuantizerConfig, LikelihoodConfig {}

/** One level with its quantizer. */
interface Part {
  readonly latent: Latent;
  readonly level: Level;
  readonly quantizer: Quantizer;
  /** How often each value of its symbols is used in training. */
  readonly use: RunningCounts;
}

/**
 * Vector-quantized auto-encoder (van den Oord, Vinyals & Kavukcuoglu 2017, arXiv:1711.00937, eq. 3), and with several levels the hierarchical
 * one (Razavi, van den Oord & Vinyals 2019, arXiv:1906.00446, algorithm 1):
 *
 *   z = symbols of f(x),   loss = -log p(x|z) + sum over positions of the quantizer's loss
 *
 * q(z|x) has all its probability at one z, and p(z) is uniform over the K values of each symbol, so that for any z
 *
 *   log p(x) >= log p(x|z) + log p(z) = log p(x|z) - (number of symbols) log K
 *
 * is a bound whose rate is a constant. A prior that is trained on the codes makes it smaller.
 */
export class VQVAE implements Model {
  /** Top first. */
  readonly parts: readonly Part[];
  readonly likelihood: Likelihood;
  readonly latents: readonly Latent[];
  readonly binaryData: boolean;
  readonly levels?: number;

  /** Whether the encoder's outputs are scaled before they are quantized. */
  readonly #normalized: boolean;

  /** `levels`: of the hierarchy. */
  constructor(config: VQVAEConfig, data: DataSpec, levels = 1) {
    const { shape } = data;
    this.likelihood = likelihood(config, data);
    this.binaryData = config.likelihood === "bernoulli";
    if (this.likelihood.levels !== undefined) this.levels = this.likelihood.levels;
    const decoded = shape.with(0, shape[0]! * this.likelihood.channelsPerChannel);
    this.#normalized = isNormalized(config);
    const quantizers = Array.from({ length: levels }, () => quantizerFor(config));
    const made = levelsFor(config, data, { decoded, levels, dim: quantizers[0]!.dim });
    const names = levelNames[levels - 1]!;
    this.parts = made.map((level, i) => {
      const quantizer = quantizers[i]!;
      const use = new RunningCounts(quantizer.size);
      return { latent: latentOf(names[i]!, level, quantizer), level, quantizer, use };
    });
    this.latents = this.parts.map(({ latent }) => latent);
  }

  /** All probability at the symbols of x, each level's given those of the levels above. */
  encode(x: Tensor, context: Context, take: Take): Posteriors {
    const posteriors: Record<string, Distribution> = {};
    this.#through(x, context, ({ latent, quantizer }, vectors) => {
      const symbols = asLatent(quantizer.quantize(vectors, context).symbols, latent.shape, quantizer.depth);
      const q = independent(new Delta(symbols), latent.shape.length);
      posteriors[latent.name] = q;
      return quantizer.vectorsOf(asRows(take(q), quantizer.depth));
    });
    return posteriors;
  }

  /** p(x|z) of the symbols of every level. */
  decode(codes: Codes, context: Context): Distribution {
    let fromAbove: Tensor | undefined;
    for (const { latent, level, quantizer } of this.parts) {
      const symbols = codes[latent.name];
      if (!symbols)
        throw new ConfigError(
          `decode: a level is missing, got codes of ${Object.keys(codes).join(", ")}, expected those of ${this.latents.map(({ name }) => name).join(", ")}; a prior for each level: latentkit sample RUN --prior TOP,BOTTOM`,
        );
      fromAbove = level.descend(quantizer.vectorsOf(asRows(symbols, quantizer.depth)), fromAbove, context);
    }
    return this.likelihood.of(fromAbove!);
  }

  reconstruct(x: Tensor, context: Context): Tensor {
    return this.#evaluated(x, context).p.mean;
  }

  objectives({ x, step }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const context = contextOf("loss");
    const batch = x.shape[0]!;
    const losses: Tensor[] = [];
    const found: Record<string, Tensor> = {};
    const decoded = this.#through(x, context, ({ latent, quantizer, use }, z) => {
      const { vectors, symbols, loss } = quantizer.quantize(z, context, step);
      if (loss) losses.push(sum(loss).div(batch));
      const suffix = this.parts.length === 1 ? "" : capitalized(latent.name);
      const { running } = use.follow(reshape(symbols, [symbols.size]), context);
      found[`codebookPerplexity${suffix}`] = perplexityOf(running);
      found[`quantizationError${suffix}`] = relativeError(z, vectors);
      return vectors;
    });
    const distortion = mean(this.likelihood.of(decoded).logProb(x)).neg();
    const loss = losses.reduce((total, each) => total.add(each), distortion);
    const metrics = { negElbo: distortion.add(this.rate), distortion, ...found };
    return [{ name: "loss", loss, parameters: parameters(this), metrics }];
  }

  elbo(x: Tensor, context: Context): Elbo {
    const { distortion } = this.#evaluated(x, context);
    const rates = this.parts.map((part) => [part.latent.name, constant(rateOf(part)).broadcastTo(distortion.shape)]);
    return { elbo: distortion.add(this.rate).neg(), distortion, rates: Object.fromEntries(rates) };
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    const { distortion, loss } = this.#evaluated(x, context);
    return { loss, negElbo: distortion.add(this.rate), distortion };
  }

  /** -log p(z), in nats: the same for all codes. */
  get rate(): number {
    return this.parts.reduce((total, part) => total + rateOf(part), 0);
  }

  /** p(x|z) of the symbols of x, -log of it, and what training minimizes, [batch] each. */
  #evaluated(
    x: Tensor,
    context: Context,
  ): { readonly p: Distribution; readonly distortion: Tensor; readonly loss: Tensor } {
    const losses: Tensor[] = [];
    const decoded = this.#through(x, context, ({ quantizer }, z) => {
      const { vectors, loss } = quantizer.quantize(z, context);
      if (loss) losses.push(sum(reshape(loss, [x.shape[0]!, -1]), 1));
      return vectors;
    });
    const p = this.likelihood.of(decoded);
    const distortion = p.logProb(x).neg();
    return { p, distortion, loss: losses.reduce((total, each) => total.add(each), distortion) };
  }

  /** The decoder's output for x: up to the top, then down with each level's vectors quantized. */
  #through(x: Tensor, context: Context, quantize: (part: Part, vectors: Tensor) => Tensor): Tensor {
    const rising = this.parts.toReversed();
    const features: Tensor[] = [];
    for (const { level } of rising) features.push(level.rise(features.at(-1) ?? x, context));
    let fromAbove: Tensor | undefined;
    for (const part of this.parts) {
      const outputs = part.level.vectors(features.pop()!, fromAbove, context);
      const vectors = this.#normalized ? atUnitScale(outputs) : outputs;
      fromAbove = part.level.descend(quantize(part, vectors), fromAbove, context);
    }
    return fromAbove!;
  }
}

/** Of hierarchies of so many levels. */
const levelNames = [["z"], ["top", "bottom"], ["top", "middle", "bottom"]];

const rateOf = ({ latent, quantizer }: Pick<Part, "latent" | "quantizer">): number =>
  sizeOf(latent.shape) * Math.log(quantizer.size);

/** Several symbols of a position are the first axis of a latent, so that the coarse ones come first. */
function latentOf(name: string, { grid }: Level, { size, depth }: Quantizer): Latent {
  const shape = depth === 1 ? grid : [depth, ...grid];
  return {
    name,
    shape,
    dtype: "int64",
    symbols: size,
    prior: (_, count) => independent(new Categorical(constant(0).broadcastTo([count, ...shape, size])), shape.length),
  };
}

const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** Settings of grids. */
const gridConfig = {
  channels: layerChannels
    .default([32, 64])
    .describe("conv: channels of the encoder's 4x4 stride-2 layers; the decoder mirrors them"),
  residualBlocks: z
    .int()
    .min(0)
    .max(64)
    .default(1)
    .describe("conv: residual blocks of encoder and decoder at each level"),
};
const onlyConv = { onlyWith: { network: ["conv"] } };
const onlyMLP = { onlyWith: { network: ["mlp"] } };

const vectorQuantizedRemedies = ({ quantizer, revive, start, gradient, commitment }: QuantizerConfig): Remedies => {
  const ofCodebooks = quantizer === "vq" || quantizer === "residual";
  return {
    ...networkRemedies,
    codebook: [
      ...(ofCodebooks && revive === 0 ? ["--set revive=0.01 moves dead entries to outputs of the encoder"] : []),
      ...(ofCodebooks && start === "normal" ? ["--set start=k-means"] : []),
      ...(quantizer === "gumbel"
        ? ["a smaller rateWeight, or a slower annealing"]
        : ["--set quantizer=fsq, which has no codebook to learn"]),
    ],
    quantization: [
      ...(quantizer === "vq" ? ["--set quantizer=residual, or a larger codebookSize"] : []),
      ...(gradient === "straight-through" ? ["--set gradient=rotation"] : []),
      ...(commitment < 1 ? ["--set commitment=1"] : []),
    ],
  };
};

/** The registered model. */
export const vqVAE = defineModel<VQVAEConfig>({
  name: "vq-vae",
  summary: "Vector-quantized auto-encoder: codes are symbols of a learned codebook, on a grid for images",
  paper: "arXiv:1711.00937",
  config: z.strictObject({
    network: z
      .enum(["mlp", "conv"])
      .default("mlp")
      .describe("encoder and decoder; mlp: fully connected; conv: strided convolutions to a grid of codes, for images"),
    positions: z.int().positive().max(4096).default(4).describe("mlp: symbols of an example").meta(onlyMLP),
    hiddenDims: networkConfig.hiddenDims,
    channels: gridConfig.channels.meta(onlyConv),
    residualBlocks: gridConfig.residualBlocks.meta(onlyConv),
    activation: networkConfig.activation,
    categories: networkConfig.categories,
    ...quantizerConfig,
    ...likelihoodConfig,
  }),
  presets: [
    {
      suits: "images",
      fits: ({ kind, shape }) => kind === "image" && shape.slice(1).every((side) => side >= 8),
      config: { network: "conv" },
    },
    ...likelihoodPresets,
  ],
  remedies: vectorQuantizedRemedies,
  build: (config, data) => new VQVAE(config, data),
});

export interface VQVAE2Config
  extends QuantizerConfig, LikelihoodConfig, Pick<VQVAEConfig, "channels" | "residualBlocks" | "activation"> {
  readonly hierarchy: number;
}

/** What a hierarchy, which is of grids, has no settings for. */
const grids = { network: "conv", positions: 1, hiddenDims: [], categories: "one-hot" } as const;

/** The same with several levels. */
export const vqVAE2 = defineModel<VQVAE2Config>({
  name: "vq-vae-2",
  summary: "Hierarchical VQ-VAE: codes of images at several resolutions, each level given those above it",
  paper: "arXiv:1906.00446",
  config: z.strictObject({
    hierarchy: z
      .int()
      .min(2)
      .max(3)
      .default(2)
      .describe("levels of codes, each at half the resolution of the one below"),
    ...gridConfig,
    activation: networkConfig.activation,
    ...quantizerConfig,
    ...likelihoodConfig,
  }),
  presets: likelihoodPresets,
  remedies: vectorQuantizedRemedies,
  build(config, data) {
    if (data.shape.length !== 3)
      throw new ConfigError(
        `model: vq-vae-2 is of images, got examples of shape [${data.shape.join(", ")}], expected [channels, height, width]; vq-vae is for others too`,
      );
    return new VQVAE({ ...config, ...grids }, data, config.hierarchy);
  },
});
