import { type Distribution, unavailable } from "../distributions/distribution.ts";
import { type Shape, sizeOf } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";
import { reshape, stopGradient } from "../ops/index.ts";
import type { Bijector } from "./bijector.ts";

/** What a bijector is of, beside the base's samples. */
export interface TransformedParts {
  readonly bijector: Bijector;
  readonly context: Context;
  /** For each row of the base, [batch, size]. */
  readonly given?: Tensor | undefined;
}

/**
 * The distribution of y = f(e) for e of a base distribution of vectors [batch, size] and a bijector f, taken in the direction of `toLatent`, in which bijectors
 * know their volume:
 *
 *   log q(y) = log p(e) - log |det df/de|,     e = f^-1(y)
 *
 * For samples of its own e is known and nothing is inverted; derivatives pass through them as through the base's.
 */
export class Transformed implements Distribution {
  readonly name: string;
  readonly eventRank = 1;
  readonly base: Distribution;
  readonly #parts: TransformedParts;
  /** log q of its own samples. */
  readonly #known = new WeakMap<Tensor, Tensor>();

  constructor(base: Distribution, parts: TransformedParts) {
    this.name = `Transformed ${base.name}`;
    this.base = base;
    this.#parts = parts;
  }

  get shape(): Shape {
    return this.base.shape;
  }

  /** Where f takes the mean of the base: the mean itself has no closed form. */
  get mean(): Tensor {
    return this.#mapped(this.base.mean).y;
  }

  get variance(): never {
    return unavailable("Transformed.variance", "there is no closed form", "the variance of samples");
  }

  entropy(): never {
    return unavailable("Transformed.entropy", "there is no closed form", "the mean of -logProb over samples");
  }

  rsample(sampleShape: Shape = []): Tensor {
    return this.#sampled(this.base.rsample(sampleShape));
  }

  sample(sampleShape: Shape = []): Tensor {
    return stopGradient(this.rsample(sampleShape));
  }

  logProb(y: Tensor): Tensor {
    const known = this.#known.get(y);
    if (known) return known;
    const { bijector, context } = this.#parts;
    const rows = this.#rows(y);
    const e = reshape(bijector.toData(rows.of, context, rows.given), y.shape);
    return this.base.logProb(e).sub(this.#mapped(e).logDet);
  }

  #sampled(e: Tensor): Tensor {
    const { y, logDet } = this.#mapped(e);
    this.#known.set(y, this.base.logProb(e).sub(logDet));
    return y;
  }

  /** f of e [..., batch, size], and its logDet [..., batch]. */
  #mapped(e: Tensor): { readonly y: Tensor; readonly logDet: Tensor } {
    const { bijector, context } = this.#parts;
    const rows = this.#rows(e);
    const { z, logDet } = bijector.toLatent(rows.of, context, rows.given);
    return { y: reshape(z, e.shape), logDet: reshape(logDet, e.shape.slice(0, -1)) };
  }

  /** Values [..., batch, size] as rows, with what is given for each. */
  #rows(t: Tensor): { readonly of: Tensor; readonly given?: Tensor } {
    const [batch, size] = this.shape as [number, number];
    const of = reshape(t, [-1, size]);
    const { given } = this.#parts;
    if (!given) return { of };
    const times = sizeOf(t.shape) / (batch * size);
    const width = given.shape[1]!;
    return { of, given: reshape(given.broadcastTo([times, batch, width]), [times * batch, width]) };
  }
}
