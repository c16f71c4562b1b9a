import { ShapeError } from "../errors.ts";
import type { Shape } from "../graph/shape.ts";
import type { Tensor } from "../graph/tensor.ts";
import { concat, slice } from "../ops/index.ts";
import type { Distribution } from "./distribution.ts";

/**
 * Joint distribution of independent vectors of different kinds, concatenated: p(x) = prod_i p_i(x_i), with the x_i along the last axis. Each part
 * is a distribution over one vector (event rank 1), all of one batch shape.
 */
export class Joint implements Distribution {
  readonly name: string;
  readonly eventRank = 1;
  readonly shape: Shape;
  readonly parts: readonly Distribution[];

  constructor(parts: readonly Distribution[]) {
    const [first] = parts;
    const batch = first?.shape.slice(0, -1);
    if (!first || parts.some((p) => p.eventRank !== 1 || `${p.shape.slice(0, -1)}` !== `${batch}`))
      throw new ShapeError(
        `Joint: parts cannot be concatenated, got ${parts.map((p) => `${p.name} [${p.shape}] of event rank ${p.eventRank}`).join(", ") || "none"}, ` +
          "expected vectors (event rank 1) of one batch shape",
      );
    this.name = `Joint of ${[...new Set(parts.map((p) => p.name))].join(" and ")}`;
    this.shape = [...batch!, parts.reduce((n, p) => n + p.shape.at(-1)!, 0)];
    this.parts = parts;
  }

  get mean(): Tensor {
    return this.#beside((p) => p.mean.broadcastTo(p.shape));
  }
  get variance(): Tensor {
    return this.#beside((p) => p.variance.broadcastTo(p.shape));
  }
  logProb(x: Tensor): Tensor {
    let at = 0;
    const each = this.parts.map((p) => slice(x, -1, at, (at += p.shape.at(-1)!)));
    return this.#total((p, i) => p.logProb(each[i]!));
  }
  sample(sampleShape: Shape = []): Tensor {
    return this.#beside((p) => p.sample(sampleShape));
  }
  rsample(sampleShape: Shape = []): Tensor {
    return this.#beside((p) => p.rsample(sampleShape));
  }
  entropy(): Tensor {
    return this.#total((p) => p.entropy());
  }

  #beside(f: (part: Distribution) => Tensor): Tensor {
    return concat(this.parts.map(f), -1);
  }
  #total(f: (part: Distribution, i: number) => Tensor): Tensor {
    return this.parts.map(f).reduce((a, b) => a.add(b));
  }
}
