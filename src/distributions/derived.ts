import type { Shape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Distribution } from "./distribution.ts";

/** A distribution that wraps a base distribution and delegates to it by default. */
export abstract class Derived<D extends Distribution> implements Distribution {
  readonly base: D;

  constructor(base: D) {
    this.base = base;
  }

  get name(): string {
    return this.base.name;
  }
  get eventRank(): number {
    return this.base.eventRank;
  }
  get shape(): Shape {
    return this.base.shape;
  }
  get mean(): Tensor {
    return this.base.mean;
  }
  get variance(): Tensor {
    return this.base.variance;
  }
  abstract logProb(x: Tensor): Tensor;
  sample(sampleShape: Shape = []): Tensor {
    return this.base.sample(sampleShape);
  }
  rsample(sampleShape: Shape = []): Tensor {
    return this.base.rsample(sampleShape);
  }
  entropy(): Tensor {
    return this.base.entropy();
  }
}
