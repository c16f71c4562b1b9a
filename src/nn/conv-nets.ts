import { ConfigError } from "../errors.ts";
import type { Shape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type PerAxis, perAxis } from "../ops/window.ts";
import { type ActivationName, activations, initializationFor } from "./activation.ts";
import { Conv, ConvTranspose } from "./conv.ts";
import { glorotUniform } from "./initializers.ts";

/** One strided convolution of a stack. */
export interface ConvStage {
  readonly channels: number;
  readonly kernel: PerAxis;
  readonly stride?: PerAxis;
  readonly padding?: PerAxis;
}

export interface ConvEncoderOptions {
  /** [channels, ...size]. */
  readonly inputShape: Shape;
  readonly layers: readonly ConvStage[];
  /** After every layer. */
  readonly activation?: ActivationName;
}

interface Stage {
  readonly channels: number;
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: readonly number[];
}

/** Strided convolutions, each followed by the activation: [batch, ...inputShape] -> [batch, ...outputShape]. */
export class ConvEncoder {
  readonly layers: readonly Conv[];
  readonly stages: readonly Stage[];
  /** The shape before the first layer and after each: [channels, ...size]. */
  readonly shapes: readonly Shape[];
  readonly activation: ActivationName;

  /** Throws ConfigError for a size the strides cannot take, naming the nearest ones they can. */
  constructor({ inputShape, layers, activation = "relu" }: ConvEncoderOptions) {
    const [inChannels, ...size] = inputShape;
    if (inChannels === undefined || size.length === 0 || layers.length === 0)
      throw new ConfigError(
        `ConvEncoder: got input shape [${inputShape}] and ${layers.length} layers, expected [channels, ...size] and one or more`,
      );
    this.stages = layers.map(({ channels, kernel, stride = 1, padding = 0 }) => ({
      channels,
      kernel: perAxis("ConvEncoder", "kernel", kernel, size.length, 1),
      stride: perAxis("ConvEncoder", "stride", stride, size.length, 1),
      padding: perAxis("ConvEncoder", "padding", padding, size.length, 0),
    }));
    const sizes = size.map((d, axis) => sizesThrough(this.stages, axis, d) ?? refuseSize(this.stages, axis, d));
    this.shapes = [inChannels, ...layers.map((l) => l.channels)].map((channels, i) =>
      [channels].concat(sizes.map((along) => along[i]!)),
    );
    this.activation = activation;
    const weight = initializationFor(activation);
    this.layers = this.stages.map(
      ({ channels, kernel, stride, padding }, i) =>
        new Conv(this.shapes[i]![0]!, channels, kernel, { stride, padding, weight }),
    );
  }

  get inputShape(): Shape {
    return this.shapes[0]!;
  }
  get outputShape(): Shape {
    return this.shapes.at(-1)!;
  }

  apply(x: Tensor): Tensor {
    const activate = activations[this.activation];
    return this.layers.reduce((h, layer) => activate(layer.apply(h)), x);
  }
}

/**
 * An encoder's mirror: transposed convolutions that give back exactly the sizes it came through, with the activation between
 * them and none after the last. [batch, ...inputShape] -> [batch, ...outputShape].
 */
export class ConvDecoder {
  readonly layers: readonly ConvTranspose[];
  /** The encoder's output shape. */
  readonly inputShape: Shape;
  /** [outChannels, ...size] with the encoder's input size. */
  readonly outputShape: Shape;
  readonly activation: ActivationName;

  constructor(encoder: ConvEncoder, options: { readonly outChannels?: number } = {}) {
    const { shapes, stages, activation } = encoder;
    const { outChannels = shapes[0]![0]! } = options;
    this.inputShape = encoder.outputShape;
    this.outputShape = [outChannels, ...encoder.inputShape.slice(1)];
    this.activation = activation;
    this.layers = stages
      .map(({ channels, kernel, stride, padding }, i) => {
        const size = shapes[i]!.slice(1);
        const least = shapes[i + 1]!.slice(1).map(
          (d, axis) => (d - 1) * stride[axis]! - 2 * padding[axis]! + kernel[axis]!,
        );
        return new ConvTranspose(channels, i === 0 ? outChannels : shapes[i]![0]!, kernel, {
          stride,
          padding,
          outputPadding: size.map((d, axis) => d - least[axis]!),
          weight: i === 0 ? glorotUniform : initializationFor(activation),
        });
      })
      .toReversed();
  }

  apply(x: Tensor): Tensor {
    const activate = activations[this.activation];
    return this.layers.reduce((h, layer, i) => layer.apply(i > 0 ? activate(h) : h), x);
  }
}

/** The sizes along one axis before and after each stage; null where a window does not fit or leaves input elements unread. */
function sizesThrough(stages: readonly Stage[], axis: number, size: number): number[] | null {
  const sizes = [size];
  for (const stage of stages) {
    const [kernel, stride, padding] = [stage.kernel[axis]!, stage.stride[axis]!, stage.padding[axis]!];
    const room = sizes.at(-1)! + 2 * padding - kernel;
    // What the last window leaves over is padding first; more than that would be data.
    if (room < 0 || room % stride > padding) return null;
    sizes.push(Math.floor(room / stride) + 1);
  }
  return sizes;
}

function refuseSize(stages: readonly Stage[], axis: number, size: number): never {
  const nearest = (step: number): number[] => {
    for (let d = size + step; d > 0 && d < size + 10_000; d += step) if (sizesThrough(stages, axis, d)) return [d];
    return [];
  };
  throw new ConfigError(
    `ConvEncoder: the layers cannot take this size along axis ${axis + 1}, got ${size}, ` +
      `expected ${[...nearest(-1), ...nearest(1)].join(" or ") || "another kernel or stride"}, or a network of linear layers`,
  );
}
