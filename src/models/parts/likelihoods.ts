import { z } from "zod";
import { Bernoulli } from "../../distributions/bernoulli.ts";
import { DiscretizedLogistic, type Grid } from "../../distributions/discretized-logistic.ts";
import type { Distribution } from "../../distributions/distribution.ts";
import { ConfigError } from "../../errors.ts";
import { GridCategorical } from "../../distributions/grid-categorical.ts";
import { independent } from "../../distributions/independent.ts";
import { Joint } from "../../distributions/joint.ts";
import { Mixture } from "../../distributions/mixture.ts";
import { Normal } from "../../distributions/normal.ts";
import { OneHotCategorical } from "../../distributions/one-hot-categorical.ts";
import { Quantized } from "../../distributions/quantized.ts";
import { constant, type Tensor, Variable } from "../../graph/tensor.ts";
import { maximum } from "../../ops/arithmetic.ts";
import { reshape, slice, split, transpose } from "../../ops/movement.ts";
import { type ColumnRun, columnRuns } from "./column-runs.ts";
import type { ColumnSpec, DataSpec } from "../model.ts";

export const likelihoodNames = [
  "bernoulli",
  "gaussian",
  "gaussian-learned",
  "gaussian-diagonal",
  "logistic",
  "logistic-mixture",
  "categorical",
  "columns",
] as const;
export type LikelihoodName = (typeof likelihoodNames)[number];

/** Settings of p(x|z), shared by every model that has one. */
export const likelihoodConfig = {
  likelihood: z
    .enum(likelihoodNames)
    .default("bernoulli")
    .describe(
      "p(x|z); bernoulli: binary; gaussian...: real; logistic..., categorical: discrete levels; columns: tables",
    ),
  std: z
    .number()
    .min(1e-4)
    .max(100)
    .default(0.1)
    .describe("standard deviation of gaussian; initial one of gaussian-learned"),
  levels: z.int().min(2).max(256).default(256).describe("discrete levels of logistic, logistic-mixture, categorical"),
  logistics: z.int().min(1).max(64).default(5).describe("components of logistic-mixture"),
};
export interface LikelihoodConfig {
  readonly likelihood: LikelihoodName;
  readonly std: number;
  readonly levels: number;
  readonly logistics: number;
}

/** p(x|z) as a value: how many numbers the decoder gives per data value, and the distribution they make. */
export interface Likelihood {
  readonly channelsPerChannel: number;
  /** How many levels it gives probabilities of; absent for a density. */
  readonly levels?: number;
  /** decoded: [batch, channels * channelsPerChannel, ...] -> a distribution over [batch, channels, ...], one event an example. */
  of(decoded: Tensor): Distribution;
}

/**
 * - `bernoulli`: each value is the probability of a 1.
 * - `gaussian`: N(x; mean(z), std^2) with the given std.
 * - `gaussian-learned`: one variance for all values, learned.
 * - `gaussian-diagonal`: mean and variance both functions of z.
 * - `logistic`: a logistic rounded to the nearest level, location and scale functions of z (arXiv:1606.04934).
 * - `logistic-mixture`: a mixture of those for each value (arXiv:1701.05517, eq. 2).
 * - `categorical`: any probabilities of the levels (arXiv:1601.06759).
 * - `columns`: each column of a table by itself: numbers normal, mean and variance both functions of z, categories categorical.
 *
 * Throws ConfigError for columns of data that is no table.
 */
export function likelihood(config: LikelihoodConfig, { shape, columns }: DataSpec): Likelihood {
  const { likelihood: name, std, levels, logistics } = config;
  const eventRank = shape.length;
  const grid = { low: 0, high: 1, bins: levels };
  switch (name) {
    case "bernoulli":
      return { channelsPerChannel: 1, of: (logits) => independent(new Bernoulli(logits), eventRank) };
    case "gaussian":
      return new Gaussian(eventRank, constant(2 * Math.log(std)));
    case "gaussian-learned":
      return new LearnedGaussian(eventRank, std);
    case "gaussian-diagonal":
      return {
        channelsPerChannel: 2,
        of(decoded) {
          const [mean, logVar] = split(decoded, 1, 2);
          return independent(new Normal(mean, { logVar }), eventRank);
        },
      };
    case "logistic":
      return {
        channelsPerChannel: 2,
        levels,
        of(decoded) {
          const [location, logScale] = split(decoded, 1, 2);
          return independent(new Quantized(rounded(location.add(0.5), logScale, grid), grid), eventRank);
        },
      };
    case "logistic-mixture":
      return {
        channelsPerChannel: 3 * logistics,
        levels,
        of(decoded) {
          const [logits, location, logScale] = split(decoded, 1, 3).map((t) => withLastAxis(t, logistics));
          // Initial locations cover the range: components that start alike stay alike.
          const offsets = constant(
            Array.from({ length: logistics }, (_, k) => (k + 0.5) / logistics),
            [logistics],
          );
          const mixture = new Mixture(logits!, rounded(location!.add(offsets), logScale!, grid));
          return independent(new Quantized(mixture, grid), eventRank);
        },
      };
    case "categorical":
      return {
        channelsPerChannel: levels,
        levels,
        of: (decoded) => independent(new GridCategorical(withLastAxis(decoded, levels), grid), eventRank),
      };
    case "columns":
      if (!columns)
        throw new ConfigError(
          `likelihood: columns needs a table, got examples of shape [${shape}], expected rows of a CSV or the like`,
        );
      return new Columns(columns);
  }
}

/** Below this log variance of a standardized number nothing is gained: a column of few values would otherwise have a density without bound. */
const leastLogVar = -9;

/**
 * p(x|z) = prod_i p(x_i|z) over the columns of a table: N(x; mean(z), exp(logVar(z))) for a number, softmax(logits(z)) for a category.
 * Of what the decoder gives, the first half are means and logits in the order of an example's values, the second the log variances.
 */
class Columns implements Likelihood {
  readonly channelsPerChannel = 2;
  readonly #runs: readonly ColumnRun[];

  constructor(columns: readonly ColumnSpec[]) {
    this.#runs = columnRuns(columns);
  }
  of(decoded: Tensor): Distribution {
    const halves = split(decoded, 1, 2);
    let at = 0;
    return new Joint(
      this.#runs.map(({ width, numbers }) => {
        const [part, logVar] = halves.map((half) => slice(half, -1, at, at + width)) as [Tensor, Tensor];
        at += width;
        if (!numbers) return new OneHotCategorical(part);
        return independent(new Normal(part, { logVar: maximum(logVar, leastLogVar) }), 1);
      }),
    );
  }
}

/**
 * A rounded logistic whose scale starts at e^-2, a seventh of the range, and stays above e^-7, a quarter of the width of a
 * byte: below it, nothing is gained by a narrower one and its gradient overflows.
 */
export const rounded = (location: Tensor, logScale: Tensor, grid: Grid): DiscretizedLogistic =>
  new DiscretizedLogistic(location, maximum(logScale.sub(2), -7), grid);

/** [batch, channels * count, ...] as [batch, channels, ..., count]. */
export function withLastAxis(t: Tensor, count: number): Tensor {
  const [batch, channels, ...rest] = t.shape as [number, number, ...number[]];
  const split = reshape(t, [batch, channels / count, count, ...rest]);
  return transpose(split, [0, 1, ...rest.map((_, i) => 3 + i), 2]);
}

/** The log variance is this many times its parameter: an optimizer that moves each parameter alike then finds it in fewer steps. */
const logVarScale = 10;

/** N(x; mean, exp(logVar)) with one learned logVar for all values (Rybkin et al. 2020, arXiv:2006.13202, section 3.1). */
class LearnedGaussian implements Likelihood {
  readonly channelsPerChannel = 1;
  readonly scaledLogVar: Variable;
  readonly #eventRank: number;
  constructor(eventRank: number, std: number) {
    this.scaledLogVar = new Variable([], { kind: "constant", value: (2 * Math.log(std)) / logVarScale });
    this.#eventRank = eventRank;
  }
  of(mean: Tensor): Distribution {
    return new Gaussian(this.#eventRank, this.scaledLogVar.mul(logVarScale)).of(mean);
  }
}

/** N(x; mean, exp(logVar)) with one logVar for all values. */
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
