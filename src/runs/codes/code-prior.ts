import type { ConditionValues } from "../../evaluation/condition.ts";
import type { LatentCodes } from "../../evaluation/latent-codes.ts";
import type { GaussianMixture } from "../../latent/gaussian-mixture.ts";
import type { Model } from "../../models/model.ts";
import { stream } from "../../random/index.ts";
import type { DensityFit } from "../density.ts";

export interface PriorSampleOptions {
  readonly seed?: number | undefined;
  /** Place of the first code among all of the seed (0): many are sampled in pieces. */
  readonly first?: number | undefined;
  readonly temperature?: number | undefined;
  /** Of a Gaussian mixture, in place of a temperature: Mahalanobis distance of the codes from the means. */
  readonly radius?: number | undefined;
  /** For a prior that takes one: classes and the like. */
  readonly condition?: ConditionValues;
  /** The prior's own sampler options. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Called with the progress of a sampler of many steps. */
  readonly onStep?: ((step: number, steps: number) => void) | undefined;
}

/** A density of a run's codes: a Gaussian mixture fitted to them, or another run that was trained on them. */
export interface CodePrior {
  readonly name: string;
  /** What it can be conditioned on. */
  readonly condition?: Model["condition"];
  /** Codes of new examples, by latent. */
  sample(count: number, options?: PriorSampleOptions): Promise<LatentCodes>;
  /** log p of codes [count, dim] of the run's code, in nats; absent where the prior has no likelihood. */
  readonly logProb?: (codes: Float32Array) => Promise<Float64Array>;
  /** Where it is one. */
  readonly mixture?: GaussianMixture;
  readonly fit?: DensityFit;
  release(): Promise<void>;
}

/** A Gaussian mixture as the prior of a latent. */
export function gaussianPrior(code: string, mixture: GaussianMixture): CodePrior {
  return {
    name: "gaussian",
    mixture,
    sample: async (count, { seed = 0, first = 0, temperature, radius } = {}) => ({
      [code]: mixture.sample(count, first === 0 ? stream(seed, "sample") : stream(seed, "sample", first), {
        ...(temperature !== undefined && { temperature }),
        radius,
      }),
    }),
    logProb: async (codes) => mixture.logProb(codes),
    release: () => Promise.resolve(),
  };
}
