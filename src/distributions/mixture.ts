import { ShapeError } from "../errors.ts";
import { broadcastShapes, type Shape, sameShape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { greater, logSoftmax, logSumExp, oneHot, reshape, softmax, square, where } from "../ops/index.ts";
import { Categorical } from "./categorical.ts";
import { type Distribution, unavailable } from "./distribution.ts";

/**
 * A mixture of k components of one family. `logits` are [..., k] (broadcast), and the last batch axis of `components` indexes the components: its
 * shape is [..., k, ...event].
 *
 *   log p(x) = logSumExp_k(log w_k + log p_k(x)),  w = softmax(logits)
 */
export class Mixture<D extends Distribution = Distribution> implements Distribution {
  readonly name: string;
  readonly logits: Tensor;
  readonly components: D;

  constructor(logits: Tensor, components: D) {
    const batch = components.shape.slice(0, components.shape.length - components.eventRank);
    if (
      batch.length === 0 ||
      logits.shape.at(-1) !== batch.at(-1) ||
      !sameShape(broadcastShapes("Mixture", logits.shape, batch), batch)
    )
      throw new ShapeError(
        `Mixture: components differ, got logits [${logits.shape}] for ${components.name} [${components.shape}], ` +
          `expected logits that broadcast to [${batch}] with as many in the last axis`,
      );
    this.name = `Mixture of ${components.name}`;
    this.logits = logits.broadcastTo(batch);
    this.components = components;
  }

  get eventRank(): number {
    return this.components.eventRank;
  }
  get shape(): Shape {
    return this.components.shape.toSpliced(this.#axis, 1);
  }
  get mean(): Tensor {
    const { mean, shape } = this.components;
    return this.#weights().mul(mean.broadcastTo(shape)).sum(this.#axis);
  }
  /** sum_k w_k (variance_k + (mean_k - mean)^2). */
  get variance(): Tensor {
    const { mean, variance } = this.components;
    const offset = mean.sub(this.#withComponentAxis(this.mean));
    return this.#weights()
      .mul(variance.add(square(offset)))
      .sum(this.#axis);
  }

  logProb(x: Tensor): Tensor {
    return logSumExp(this.components.logProb(this.#withComponentAxis(x)).add(logSoftmax(this.logits)), -1);
  }

  /** Ancestral sampling: a component, then a sample from it. */
  sample(sampleShape: Shape = []): Tensor {
    const samples = this.components.sample(sampleShape);
    const chosen = oneHot(new Categorical(this.logits).sample(sampleShape), this.logits.shape.at(-1)!);
    const mask = greater(reshape(chosen, [...chosen.shape, ...this.#ones()]), 0);
    return where(mask, samples, 0).sum(this.#axis + sampleShape.length);
  }
  rsample(): never {
    return unavailable(`${this.name}: rsample`, "the choice of a component has no derivative", "sample");
  }

  entropy(): never {
    return unavailable(`${this.name}: entropy`, "it has no closed form", "the mean of -logProb over samples");
  }

  /** Position of the component axis in the components' shape. */
  get #axis(): number {
    return this.components.shape.length - this.eventRank - 1;
  }
  #ones(): number[] {
    return Array.from({ length: this.eventRank }, () => 1);
  }
  /** softmax(logits) with axes of size 1 for the event. */
  #weights(): Tensor {
    return reshape(softmax(this.logits), [...this.logits.shape, ...this.#ones()]);
  }
  #withComponentAxis(x: Tensor): Tensor {
    return reshape(x, x.shape.toSpliced(x.rank - this.eventRank, 0, 1));
  }
}
