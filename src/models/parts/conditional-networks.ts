import type { Shape } from "../../graph/shape.ts";
import { sizeOf } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { Linear } from "../../nn/linear.ts";
import { oneHot } from "../../ops/indexing.ts";
import { concat, flatten, reshape } from "../../ops/movement.ts";
import {
  type Decoder,
  decoderFor,
  type Encoder,
  type EncodedSpec,
  encoderFor,
  type NetworkConfig,
} from "./networks.ts";

/**
 * An encoder that sees its example's class: one-hot beside the values, or, where they are convolved, as one more channel that
 * is a learned picture of the class.
 */
export class ConditionalEncoder {
  readonly network: Encoder;
  readonly picture?: Linear;
  readonly #classes: number;

  constructor(config: NetworkConfig, { shape, columns }: EncodedSpec, classes: number, outDim: number) {
    this.#classes = classes;
    const images = config.network === "conv" && shape.length === 3;
    const joined = images ? shape.with(0, shape[0]! + 1) : [sizeOf(shape) + classes];
    this.network = encoderFor(config, { shape: joined, ...(columns && { columns }) }, outDim);
    if (images) this.picture = new Linear(classes, sizeOf(shape.slice(1)));
  }

  /** For batches with these labels, int64 [batch]. */
  given(label: Tensor): Encoder {
    return {
      apply: (x) => {
        const y = oneHot(label, this.#classes);
        if (!this.picture) return this.network.apply(concat([flatten(x), y], 1));
        return this.network.apply(concat([x, reshape(this.picture.apply(y), x.shape.with(1, 1))], 1));
      },
    };
  }
}

/** A decoder that sees the class its example is to be of, one-hot beside the code. */
export class ConditionalDecoder {
  readonly network: Decoder;
  readonly #classes: number;

  constructor(config: NetworkConfig, inDim: number, classes: number, shape: Shape) {
    this.#classes = classes;
    this.network = decoderFor(config, inDim + classes, shape);
  }

  /** For batches of one or several codes for each of these labels: codes [several * batch, inDim], the batch again and again. */
  given(label: Tensor): Decoder {
    return {
      apply: (z) => {
        const y = oneHot(label, this.#classes);
        const [codes, batch] = [z.shape[0]!, label.shape[0]!];
        const repeated = reshape(y.broadcastTo([codes / batch, ...y.shape]), [codes, this.#classes]);
        return this.network.apply(concat([z, repeated], 1));
      },
    };
  }
}
