import { z } from "zod";
import type { Distribution } from "../distributions/distribution.ts";
import { type Independent, independent } from "../distributions/independent.ts";
import { kl } from "../distributions/kl.ts";
import { Mixture } from "../distributions/mixture.ts";
import { Normal } from "../distributions/normal.ts";
import type { Shape } from "../graph/shape.ts";
import { constant, type Tensor, Variable } from "../graph/tensor.ts";
import { sigmoid } from "../ops/elementwise.ts";
import { mean } from "../ops/reduction.ts";

export const priorNames = ["standard", "mixture", "vamp"] as const;

/** Settings of p(z), shared by every model that has one. */
export const priorConfig = {
  prior: z
    .enum(priorNames)
    .default("standard")
    .describe(
      "p(z): N(0, I), a learned mixture of Gaussians, or the mixture of the posteriors of learned pseudo-inputs",
    ),
  components: z.int().positive().max(4096).default(100).describe("K, of the priors mixture and vamp"),
};
export interface PriorConfig {
  readonly prior: (typeof priorNames)[number];
  readonly components: number;
}

/** p(z) as a value. */
export interface Prior {
  /** For a batch: [count, latentDim], one event a code. */
  of(count: number): Distribution;
  /** KL(q(z|x) || p(z)), [batch] in nats: in closed form, or the average of log q - log p over draws z [samples, batch, latentDim]. */
  rate(q: Distribution, z: Tensor): Tensor;
}

/**
 * The priors of Tomczak & Welling 2018 (arXiv:1705.07120):
 *
 *   standard   p(z) = N(0, I)
 *   mixture    p(z) = 1/K sum_k N(mean_k, diag(std_k^2))       (section 3, "MoG")
 *   vamp       p(z) = 1/K sum_k q(z|u_k)                       (eq. 9)
 *
 * with mean_k, std_k and the pseudo-inputs u_k learned along with everything else. A mixture's KL has no closed form: its
 * rate is estimated from the draws that the distortion is (eq. 4), so that a single example's may be negative.
 */
export function prior(
  config: PriorConfig,
  {
    latentDim,
    shape,
    binaryData,
    posterior,
  }: {
    readonly latentDim: number;
    /** Of one example, and of a pseudo-input. */
    readonly shape: Shape;
    /** Whether an example's values, and so a pseudo-input's, are from 0 to 1. */
    readonly binaryData: boolean;
    /** q(z|x) of a batch of examples. */
    readonly posterior: (x: Tensor) => Independent<Normal>;
  },
): Prior {
  if (config.prior === "standard") return new StandardPrior(latentDim);
  if (config.prior === "mixture") return new MixturePrior(config.components, latentDim);
  return new VampPrior(new Variable([config.components, ...shape], standardNormal), binaryData, posterior);
}

const standardNormal = { kind: "normal", mean: 0, std: 1 } as const;

class StandardPrior implements Prior {
  readonly #latentDim: number;
  constructor(latentDim: number) {
    this.#latentDim = latentDim;
  }
  of(count: number): Distribution {
    return independent(new Normal(constant(0).broadcastTo([count, this.#latentDim]), 1), 1);
  }
  rate(q: Distribution): Tensor {
    return kl(q, this.of(q.shape[0]!));
  }
}

class MixturePrior implements Prior {
  readonly means: Variable;
  readonly logVars: Variable;
  constructor(components: number, latentDim: number) {
    // Spread like N(0, I), so that the components differ and cover what the posteriors start from.
    this.means = new Variable([components, latentDim], standardNormal);
    this.logVars = new Variable([components, latentDim], { kind: "constant", value: 0 });
  }
  of(count: number): Distribution {
    return uniformMixture(this.means, this.logVars, count);
  }
  rate(q: Distribution, z: Tensor): Tensor {
    return estimatedRate(q, this.of(q.shape[0]!), z);
  }
}

class VampPrior implements Prior {
  /** Pseudo-inputs, or their logits where values are from 0 to 1. */
  readonly inputs: Variable;
  readonly #binaryData: boolean;
  readonly #posterior: (x: Tensor) => Independent<Normal>;
  constructor(inputs: Variable, binaryData: boolean, posterior: (x: Tensor) => Independent<Normal>) {
    this.inputs = inputs;
    this.#binaryData = binaryData;
    this.#posterior = posterior;
  }
  of(count: number): Distribution {
    const { base } = this.#posterior(this.#binaryData ? sigmoid(this.inputs) : this.inputs);
    return uniformMixture(base.mean, base.logVar, count);
  }
  rate(q: Distribution, z: Tensor): Tensor {
    return estimatedRate(q, this.of(q.shape[0]!), z);
  }
}

/** 1/K sum_k N(means_k, diag(exp(logVars_k))), both [K, latentDim], for each of `count` codes. */
function uniformMixture(means: Tensor, logVar: Tensor, count: number): Distribution {
  const [components, latentDim] = means.shape as [number, number];
  const each = new Normal(means.broadcastTo([count, components, latentDim]), { logVar });
  return new Mixture(constant(0).broadcastTo([components]), independent(each, 1));
}

const estimatedRate = (q: Distribution, p: Distribution, z: Tensor): Tensor => mean(q.logProb(z).sub(p.logProb(z)), 0);
