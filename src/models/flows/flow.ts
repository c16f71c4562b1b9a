import type { Bijector } from "../../bijectors/bijector.ts";
import { Delta } from "../../distributions/delta.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { independent } from "../../distributions/independent.ts";
import { Normal } from "../../distributions/normal.ts";
import { type Shape, sizeOf } from "../../graph/shape.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import type { Context } from "../../nn/context.ts";
import { parameters } from "../../nn/module.ts";
import { abs, minimum } from "../../ops/arithmetic.ts";
import { isNaN, where } from "../../ops/comparison.ts";
import { flatten, reshape } from "../../ops/movement.ts";
import { max, mean } from "../../ops/reduction.ts";
import type { Conditioning } from "../conditioning.ts";
import type { Codes, Latent } from "../latent.ts";
import type { Batch, DataSpec, FieldSpec, Model, Objective } from "../model.ts";
import { conditionVector } from "../parts/condition-vector.ts";
import type { AnySampler } from "../sampler.ts";

export interface FlowOptions {
  /** Where the bijector begins with `Dequantize`: the levels of the data, and what noise spreads them. */
  readonly dequantized?: { readonly levels: number; readonly noise: "uniform" | "variational" } | undefined;
  /** What its networks are given of each example, as one vector. */
  readonly fields?: readonly FieldSpec[];
  /** In place of one pass through the inverse. */
  readonly sampler?: AnySampler | undefined;
  /** Whether it has codes (true): not where the inverse is too many passes for one graph. */
  readonly coded?: boolean;
}

/** Where an inverse explodes: errors are reported as no more than this, so that they stay numbers. */
const largestError = 1e6;

/**
 * Normalizing flow (Rezende & Mohamed 2015, arXiv:1505.05770): examples are an invertible function of z ~ N(0, I), so that
 *
 *   log p(x) = log N(f(x); 0, I) + log |det df/dx|
 *
 * exactly, in nats per example. Of levels, such as bytes, there is no density: with noise u ~ q(u|x) between them (see `Dequantize`) the same expression is a
 * sample of the bound
 *
 *   log P(x) >= E_q[log p(x + u) - log q(u|x)]
 *
 * which importance weights over u make tighter (Ho et al. 2019, arXiv:1902.00275, section 3.1). The models of this form differ in their list of
 * bijectors alone.
 */
export class Flow implements Model {
  /** From examples [batch, ...shape] to codes [batch, size]. */
  readonly bijector: Bijector;
  readonly latents: readonly Latent[];
  readonly condition?: Conditioning;
  readonly sampler?: AnySampler;
  readonly levels?: number;
  readonly dequantization?: "uniform" | "variational";
  readonly unboundedDensity?: true;
  readonly logProb?: NonNullable<Model["logProb"]>;
  readonly logWeights?: NonNullable<Model["logWeights"]>;
  readonly encode?: (x: Tensor, context: Context) => { readonly z: Distribution };
  readonly decode?: (codes: Codes, context: Context) => Distribution;
  readonly reconstruct?: (x: Tensor, context: Context) => Tensor;
  readonly #size: number;

  constructor(
    bijector: Bijector,
    { shape }: Pick<DataSpec, "shape">,
    { dequantized, fields = [], sampler, coded = true }: FlowOptions = {},
  ) {
    this.bijector = bijector;
    const size = sizeOf(shape);
    this.#size = size;
    this.latents = [];
    if (coded) {
      const prior: Latent["prior"] = (_, count) => standardNormal([count, size]);
      this.latents = [{ name: "z", shape: [size], dtype: "float32", prior, standardNormal: true }];
      this.encode = (x, context) => ({ z: independent(new Delta(this.#logDensity(x, context).z), 1) });
      this.decode = (codes, context) => new Delta(this.#toData(codes["z"]!, context));
      this.reconstruct = (x, context) => this.#toData(this.#logDensity(x, context).z, context);
    }
    if (fields.length > 0) this.condition = { fields, required: true };
    if (sampler) this.sampler = sampler;
    if (dequantized) {
      this.levels = dequantized.levels;
      this.dequantization = dequantized.noise;
      this.logWeights = (x, samples, context) => {
        const repeated = reshape(x.broadcastTo([samples, ...x.shape]), [samples * x.shape[0]!, ...x.shape.slice(1)]);
        return reshape(this.#logDensity(repeated, context).logProb, [samples, x.shape[0]!]);
      };
    } else {
      this.unboundedDensity = true;
      this.logProb = (x, context) => this.#logDensity(x, context).logProb;
    }
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const name = this.#objective;
    const loss = mean(this.#logDensity(x, contextOf(name)).logProb).neg();
    return [{ name, loss, parameters: parameters(this), metrics: this.#inBits(loss) }];
  }

  /** `roundTrip`: the largest |x - toData(toLatent(x))| of an example, which is far from 0 where the inverse explodes. */
  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    const { z, logProb } = this.#logDensity(x, context);
    const nll = logProb.neg();
    // Where the inverse is many passes it is left out.
    if (this.sampler) return { [this.#objective]: nll, ...this.#inBits(nll) };
    const errors = abs(x.sub(this.#toData(z, context)));
    const worst = max(flatten(where(isNaN(errors), largestError, minimum(errors, largestError))), 1);
    return { [this.#objective]: nll, ...this.#inBits(nll), roundTrip: worst };
  }

  #toData(z: Tensor, context: Context): Tensor {
    return this.bijector.toData(z, context, this.#given(context, z.shape[0]!));
  }

  /** z, and log p(x) or, of levels, a sample of its bound. */
  #logDensity(x: Tensor, context: Context): { readonly z: Tensor; readonly logProb: Tensor } {
    const { z, logDet } = this.bijector.toLatent(x, context, this.#given(context, x.shape[0]!));
    return { z, logProb: standardNormal(z.shape).logProb(z).add(logDet) };
  }

  /** A bound is not called what it is a bound of. */
  get #objective(): "nll" | "negElbo" {
    return this.dequantization ? "negElbo" : "nll";
  }

  #inBits(nll: Tensor): Readonly<Record<string, Tensor>> {
    return this.levels === undefined ? {} : { bitsPerDimension: nll.div(this.#size * Math.LN2) };
  }

  #given(context: Context, rows: number): Tensor | undefined {
    return this.condition && conditionVector(this.condition.fields, context, rows);
  }
}

/** N(0, I) over the last axis. */
export const standardNormal = (shape: Shape): Distribution =>
  independent(new Normal(constant(0).broadcastTo(shape), 1), 1);
