import { z } from "zod";
import { Bernoulli } from "../distributions/bernoulli.ts";
import type { Distribution } from "../distributions/distribution.ts";
import { independent } from "../distributions/independent.ts";
import { Normal } from "../distributions/normal.ts";
import { constant, type Tensor, Variable } from "../graph/tensor.ts";
import { split } from "../ops/movement.ts";

export const likelihoodNames = ["bernoulli", "gaussian", "gaussian-learned", "gaussian-diagonal"] as const;
export type LikelihoodName = (typeof likelihoodNames)[number];

/** Settings of p(x|z), shared by every model that has one. */
export const likelihoodConfig = {
  likelihood: z
    .enum(likelihoodNames)
    .default("bernoulli")
    .describe("p(x|z); gaussian-learned learns one variance, gaussian-diagonal one for each value from z"),
  std: z
    .number()
    .min(1e-4)
    .max(100)
    .default(0.1)
    .describe("gaussian: the standard deviation; gaussian-learned: its first value"),
};
export interface LikelihoodConfig {
  readonly likelihood: LikelihoodName;
  readonly std: number;
}

/** p(x|z) as a value: how many numbers the decoder gives per data value, and the distribution they make. */
export interface Likelihood {
  readonly channelsPerChannel: number;
  /** decoded: [batch, channels * channelsPerChannel, ...] -> a distribution over [batch, channels, ...], one event an example. */
  of(decoded: Tensor): Distribution;
}

/**
 * - `bernoulli`: each value is the probability of a 1.
 * - `gaussian`: N(x; mean(z), std^2) with the given std.
 * - `gaussian-learned`: one variance for all values, learned.
 * - `gaussian-diagonal`: mean and variance both functions of z.
 */
export function likelihood({ likelihood: name, std }: LikelihoodConfig, eventRank: number): Likelihood {
  if (name === "bernoulli")
    return { channelsPerChannel: 1, of: (logits) => independent(new Bernoulli(logits), eventRank) };
  if (name === "gaussian") return new Gaussian(eventRank, constant(2 * Math.log(std)));
  if (name === "gaussian-learned")
    return new Gaussian(eventRank, new Variable([], { kind: "constant", value: 2 * Math.log(std) }));
  return {
    channelsPerChannel: 2,
    of(decoded) {
      const [mean, logVar] = split(decoded, 1, 2);
      return independent(new Normal(mean, { logVar }), eventRank);
    },
  };
}

/** N(x; mean, exp(logVar)) with one logVar for all values; a field, so that a learned one is found among the parameters. */
class Gaussian implements Likelihood {
  readonly channelsPerChannel = 1;
  readonly logVar: Tensor;
  readonly #eventRank: number;
  constructor(eventRank: number, logVar: Tensor) {
    this.logVar = logVar;
    this.#eventRank = eventRank;
  }
  of(mean: Tensor): Distribution {
    return independent(new Normal(mean, { logVar: this.logVar }), this.#eventRank);
  }
}
