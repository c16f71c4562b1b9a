import { z } from "zod";
import { sizeOf, type Shape } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import type { Conv, ConvTranspose } from "../../nn/conv.ts";
import { ConvDecoder, ConvEncoder } from "../../nn/conv-nets.ts";
import { heNormal } from "../../nn/initializers.ts";
import { Linear } from "../../nn/linear.ts";
import { BatchNorm } from "../../nn/normalization.ts";
import { type Layer, ResidualBlock } from "../../nn/residual.ts";
import { SpectrallyNormalized } from "../../nn/spectral-normalization.ts";
import { leakyRelu, relu } from "../../ops/elementwise.ts";
import { concat, flatten, reshape } from "../../ops/movement.ts";
import { sum } from "../../ops/reduction.ts";
import { ConfigError } from "../../errors.ts";
import { conditionSize, conditionVector } from "../parts/condition-vector.ts";
import { layerChannels, layerWidths, requireImages } from "../parts/layer-sizes.ts";
import type { FieldSpec } from "../model.ts";

/** Settings of generator and discriminator, shared by every model that has such a pair. */
export const adversarialNetworkConfig = {
  network: z
    .enum(["mlp", "dcgan", "residual"])
    .default("mlp")
    .describe(
      "generator and discriminator; mlp: fully connected; dcgan: strided convolutions, for images; residual: dcgan with a residual block at each resolution",
    ),
  hiddenDims: layerWidths
    .default([256, 256])
    .describe("mlp: widths of the discriminator's hidden layers; the generator mirrors them")
    .meta({ onlyWith: { network: ["mlp"] } }),
  channels: layerChannels
    .default([32, 64])
    .describe("dcgan, residual: channels of the discriminator's 4x4 stride-2 layers; the generator mirrors them")
    .meta({ onlyWith: { network: ["dcgan", "residual"] } }),
  generatorNorm: z
    .enum(["none", "batch"])
    .default("none")
    .describe("normalization of the generator's hidden layers; batch: batch normalization, as in DCGAN"),
  spectralNorm: z
    .boolean()
    .default(false)
    .describe("spectral normalization: the discriminator's weights divided by their spectral norms"),
  conditioning: z
    .enum(["projection", "concatenation"])
    .default("projection")
    .describe("how the discriminator sees the class: by an inner product with its features, or beside the example"),
};
export interface AdversarialNetworkConfig {
  readonly network: "mlp" | "dcgan" | "residual";
  readonly hiddenDims: readonly number[];
  readonly channels: readonly number[];
  readonly generatorNorm: "none" | "batch";
  readonly spectralNorm: boolean;
  readonly conditioning: "projection" | "concatenation";
}

/** Slope of discriminators below 0, as in DCGAN (arXiv:1511.06434). */
const SLOPE = 0.2;

const convolutions = ({ channels, network }: AdversarialNetworkConfig, shape: Shape): ConvEncoder => {
  requireImages(network, shape);
  const smallest = Math.min(...shape.slice(1));
  if (smallest < 2 ** channels.length)
    throw new ConfigError(
      `channels: ${network} halves an image at each layer, got ${channels.length} of them for images of ${shape[2]}x${shape[1]}, expected ${smallest < 2 ? "images of at least 2x2" : `at most ${Math.floor(Math.log2(smallest))}`}; or use network=mlp`,
    );
  return new ConvEncoder({
    inputShape: shape,
    layers: channels.map((c) => ({ channels: c, kernel: 4, stride: 2, padding: 1 })),
    activation: "leakyRelu",
  });
};

const blockOf = (channels: number): ResidualBlock =>
  new ResidualBlock({ inChannels: channels, outChannels: channels, activation: "leakyRelu", zeroLast: true });

/** Hidden layers, [n, ...shape] -> [n, size]; those up to a `depth`, counted from 1, have a size of their own. */
export interface Features extends Layer {
  readonly layers: readonly unknown[];
  readonly size: number;
  apply(x: Tensor, context: Context, depth?: number): Tensor;
}

class DenseFeatures implements Features {
  readonly layers: readonly Linear[];
  readonly size: number;
  constructor(inDim: number, widths: readonly number[]) {
    this.layers = widths.map((width, i) => new Linear(i === 0 ? inDim : widths[i - 1]!, width, { weight: heNormal }));
    this.size = widths.at(-1)!;
  }
  apply(x: Tensor, _: Context, depth = this.layers.length): Tensor {
    return this.layers.slice(0, depth).reduce((h, layer) => leakyRelu(layer.apply(h), SLOPE), flatten(x));
  }
}

class ConvolutionFeatures implements Features {
  readonly layers: readonly Conv[];
  readonly blocks: readonly ResidualBlock[];
  readonly size: number;
  constructor(config: AdversarialNetworkConfig, shape: Shape) {
    const { layers, outputShape } = convolutions(config, shape);
    this.layers = layers;
    this.blocks = config.network === "residual" ? config.channels.map(blockOf) : [];
    this.size = sizeOf(outputShape);
  }
  apply(x: Tensor, context: Context, depth = this.layers.length): Tensor {
    const h = this.layers.slice(0, depth).reduce((before, layer, i) => {
      const after = leakyRelu(layer.apply(before), SLOPE);
      return this.blocks[i]?.apply(after, context) ?? after;
    }, x);
    return flatten(h);
  }
}

/** The hidden layers of a discriminator, or of an encoder like one. */
export const featuresFor = (config: AdversarialNetworkConfig, shape: Shape): Features =>
  config.network === "mlp"
    ? new DenseFeatures(sizeOf(shape), config.hiddenDims)
    : new ConvolutionFeatures(config, shape);

/**
 * f(x), or f(x, y) given fields y of the data:
 * - `projection`: f = w . phi(x) + b + (V y) . phi(x) (Miyato & Koyama 2018, arXiv:1802.05637, eq. 3).
 * - `concatenation`: y beside the values, or as a learned picture of it, one more channel (Mirza & Osindero 2014, arXiv:1411.1784).
 */
export class Discriminator implements Layer {
  readonly phi: Features;
  readonly score: Linear;
  readonly projection?: Linear;
  readonly picture?: Linear;
  readonly #fields: readonly FieldSpec[];
  readonly #beside: boolean;

  constructor(config: AdversarialNetworkConfig, shape: Shape, fields: readonly FieldSpec[] = []) {
    this.#fields = fields;
    const size = conditionSize(fields);
    this.#beside = size > 0 && config.conditioning === "concatenation";
    const dense = config.network === "mlp";
    this.phi = dense
      ? new DenseFeatures(sizeOf(shape) + (this.#beside ? size : 0), config.hiddenDims)
      : new ConvolutionFeatures(config, this.#beside ? shape.with(0, shape[0]! + 1) : shape);
    this.score = new Linear(this.phi.size, 1);
    if (this.#beside && !dense) this.picture = new Linear(size, sizeOf(shape.slice(1)));
    if (size > 0 && !this.#beside) this.projection = new Linear(size, this.phi.size, { bias: false });
  }

  /** phi(x, y), [n, size]: what f is linear in; or the output of an earlier layer, by its depth from 1. */
  features(x: Tensor, context: Context, depth?: number): Tensor {
    if (!this.#beside) return this.phi.apply(x, context, depth);
    const y = conditionVector(this.#fields, context, x.shape[0]!);
    if (!this.picture) return this.phi.apply(concat([flatten(x), y], 1), context, depth);
    return this.phi.apply(concat([x, reshape(this.picture.apply(y), x.shape.with(1, 1))], 1), context, depth);
  }

  apply(x: Tensor, context: Context): Tensor {
    const phi = this.features(x, context);
    const f = reshape(this.score.apply(phi), [-1]);
    if (!this.projection) return f;
    const y = conditionVector(this.#fields, context, x.shape[0]!);
    return f.add(sum(this.projection.apply(y).mul(phi), 1));
  }
}

/** A discriminator, its weights spectrally normalized where the settings say so. */
export const discriminatorFor = (
  config: AdversarialNetworkConfig,
  shape: Shape,
  fields: readonly FieldSpec[] = [],
): Layer => {
  const plain = new Discriminator(config, shape, fields);
  return config.spectralNorm ? new SpectrallyNormalized(plain) : plain;
};

/** Codes, with what is given beside them, to the values of examples, of no particular range: [n, latentDim] -> [n, ...shape]. */
export class Generator implements Layer {
  readonly dense: readonly Linear[];
  readonly transposed: readonly ConvTranspose[];
  readonly blocks: readonly ResidualBlock[];
  readonly norms: readonly BatchNorm[];
  readonly #fields: readonly FieldSpec[];
  readonly #start: Shape;
  readonly #shape: Shape;

  constructor(config: AdversarialNetworkConfig, latentDim: number, shape: Shape, fields: readonly FieldSpec[] = []) {
    this.#fields = fields;
    this.#shape = shape;
    const inDim = latentDim + conditionSize(fields);
    if (config.network === "mlp") {
      const widths = config.hiddenDims.toReversed();
      const dims = [inDim, ...widths];
      this.#start = widths.slice(-1);
      this.dense = [
        ...widths.map((width, i) => new Linear(dims[i]!, width, { weight: heNormal })),
        new Linear(widths.at(-1)!, sizeOf(shape)),
      ];
      [this.transposed, this.blocks] = [[], []];
      this.norms = config.generatorNorm === "batch" ? widths.map((width) => new BatchNorm(width)) : [];
      return;
    }
    const encoder = convolutions(config, shape);
    const channels = config.channels.toReversed();
    this.#start = encoder.outputShape;
    this.dense = [new Linear(inDim, sizeOf(this.#start), { weight: heNormal })];
    this.transposed = new ConvDecoder(encoder).layers;
    this.blocks = config.network === "residual" ? channels.map(blockOf) : [];
    this.norms = config.generatorNorm === "batch" ? channels.map((c) => new BatchNorm(c)) : [];
  }

  apply(z: Tensor, context: Context): Tensor {
    const given = this.#fields.length > 0 ? concat([z, conditionVector(this.#fields, context, z.shape[0]!)], 1) : z;
    const hidden = (h: Tensor, i: number): Tensor => {
      const active = relu(this.norms[i]?.apply(h, context) ?? h);
      return this.blocks[i]?.apply(active, context) ?? active;
    };
    if (this.transposed.length === 0) {
      const h = this.dense.reduce((before, layer, i) => layer.apply(i > 0 ? hidden(before, i - 1) : before), given);
      return reshape(h, [-1, ...this.#shape]);
    }
    const start = reshape(this.dense[0]!.apply(given), [-1, ...this.#start]);
    return this.transposed.reduce((h, layer, i) => layer.apply(hidden(h, i)), start);
  }
}
