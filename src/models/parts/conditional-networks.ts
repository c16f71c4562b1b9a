import type { Shape } from "../../graph/shape.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { Linear } from "../../nn/linear.ts";
import { concat, flatten, reshape } from "../../ops/movement.ts";
import { conditionSize, conditionVector } from "./condition-vector.ts";
import type { FieldSpec } from "../model.ts";
import {
  type Decoder,
  decoderFor,
  type Encoder,
  type EncodedSpec,
  encoderFor,
  type NetworkConfig,
} from "./networks.ts";

/**
 * An encoder that sees what its example is conditioned on: beside the values, or, where they are convolved, as one more channel that
 * is a learned picture of the condition.
 */
export class ConditionalEncoder implements Encoder {
  readonly network: Encoder;
  readonly picture?: Linear;
  readonly #fields: readonly FieldSpec[];

  constructor(config: NetworkConfig, { shape, columns }: EncodedSpec, fields: readonly FieldSpec[], outDim: number) {
    this.#fields = fields;
    const size = conditionSize(fields);
    const images = config.network === "conv" && shape.length === 3;
    const joined = images ? shape.with(0, shape[0]! + 1) : [sizeOf(shape) + size];
    this.network = encoderFor(config, { shape: joined, ...(columns && { columns }) }, outDim);
    if (images) this.picture = new Linear(size, sizeOf(shape.slice(1)));
  }

  apply(x: Tensor, context: Context): Tensor {
    const y = conditionVector(this.#fields, context, x.shape[0]!);
    if (!this.picture) return this.network.apply(concat([flatten(x), y], 1), context);
    return this.network.apply(concat([x, reshape(this.picture.apply(y), x.shape.with(1, 1))], 1), context);
  }
}

/** A decoder that sees what its example is to be conditioned on, beside the code. */
export class ConditionalDecoder implements Decoder {
  readonly network: Decoder;
  readonly #fields: readonly FieldSpec[];

  constructor(config: NetworkConfig, inDim: number, fields: readonly FieldSpec[], shape: Shape) {
    this.#fields = fields;
    this.network = decoderFor(config, inDim + conditionSize(fields), shape);
  }

  apply(z: Tensor, context: Context): Tensor {
    return this.network.apply(concat([z, conditionVector(this.#fields, context, z.shape[0]!)], 1), context);
  }
}
