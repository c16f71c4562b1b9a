import { tempered } from "../distributions/tempered.ts";
import type { Distribution } from "../distributions/distribution.ts";
import type { DType, Shape } from "../graph/shape.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import type { Context } from "../nn/context.ts";

/** Latent variables of a batch, by name: [batch, ...shape] each. */
export type Codes = Readonly<Record<string, Tensor>>;

/** Their distributions given an example, by name. */
export type Posteriors = Readonly<Record<string, Distribution>>;

/** The value of a latent that the next ones are conditioned on: its mean, or a sample. */
export type Take = (q: Distribution) => Tensor;

/** One latent variable. */
export interface Latent {
  readonly name: string;
  /** Of one example. */
  readonly shape: Shape;
  readonly dtype: Extract<DType, "float32" | "int64">;
  /** How many values there are where it is of symbols (int64): whole numbers from 0 to one below. */
  readonly symbols?: number;
  /** p(z_i | the latents above) of `count` codes; absent where the model has none. */
  readonly prior?: (above: Codes, count: number, context: Context) => Distribution;
  /** The prior is N(0, I), with nothing learned in it: distances and percentiles have a meaning. */
  readonly standardNormal?: boolean;
  /** q(z|x) is a Gaussian of independent dimensions. */
  readonly gaussianPosterior?: boolean;
}

/** Means. */
export const takeMean: Take = (q) => q.mean;

/** Samples, one of each distribution however often it is asked for. Derivatives pass where `differentiable`. */
export function takeSamples(differentiable = false): Take {
  const taken = new Map<Distribution, Tensor>();
  return (q) => {
    let z = taken.get(q);
    if (!z) taken.set(q, (z = differentiable ? q.rsample() : q.sample()));
    return z;
  };
}

/** The mean or sample of each posterior. */
export const codesOf = (posteriors: Posteriors, take: Take): Codes =>
  Object.fromEntries(Object.entries(posteriors).map(([name, q]) => [name, take(q)]));

/**
 * Codes for every latent from those that are given: the ones below are sampled top-down from p(z_i | above), their standard
 * deviations times `temperature` (and each its own of `temperatures`, top first, the last for all below), or are its means where they are no symbols. Those above a given one, and those without a prior, are left out.
 *
 * @example
 * const { latents } = twoLayer.build(twoLayer.config.parse({ latentDim: 3, topDim: 2 }), dataSpec([1, 28, 28]));
 * const codes = completeCodes(latents!, {}, { count: 16, context: evaluation });
 * Object.values(codes).map(({ shape }) => shape); // [[16, 2], [16, 3]]
 */
export function completeCodes(
  latents: readonly Latent[],
  given: Codes,
  options: {
    readonly count: number;
    readonly context: Context;
    readonly temperature?: Tensor | undefined;
    readonly temperatures?: readonly number[] | undefined;
    readonly means?: boolean;
  },
): Codes {
  const { count, context, temperature, temperatures, means = false } = options;
  const codes: Record<string, Tensor> = { ...given };
  let started = Object.keys(given).length === 0;
  for (const [i, latent] of latents.entries()) {
    if (codes[latent.name]) started = true;
    else if (started && latent.prior) {
      const p = latent.prior(codes, count, context);
      const mean = means && latent.symbols === undefined;
      const own = temperatures?.[Math.min(i, temperatures.length - 1)];
      const at = own === undefined ? temperature : (temperature ?? constant(1)).mul(own);
      codes[latent.name] = mean ? p.mean : at ? tempered(p, at) : p.sample();
    }
  }
  return codes;
}
