import { z } from "zod";
import type { Distribution } from "../../distributions/distribution.ts";
import { type Independent, independent } from "../../distributions/independent.ts";
import { klIfClosed } from "../../distributions/kl.ts";
import { Mixture } from "../../distributions/mixture.ts";
import { Normal } from "../../distributions/normal.ts";
import type { Shape } from "../../graph/shape.ts";
import { constant, type Tensor, Variable } from "../../graph/tensor.ts";
import { conditioned, type Context } from "../../nn/context.ts";
import { sigmoid } from "../../ops/elementwise.ts";
import { gather } from "../../ops/indexing.ts";
import { reshape } from "../../ops/movement.ts";
import { mean } from "../../ops/reduction.ts";
import { ConfigError } from "../../errors.ts";
import type { FieldSpec } from "../model.ts";
import { circle, type FixedPrior, standardNormal, swissRoll } from "./fixed-priors.ts";

export const priorNames = ["standard", "mixture", "vamp", "circle", "swiss-roll"] as const;

/** Settings of p(z), shared by every model that has one. */
export const priorConfig = {
  prior: z
    .enum(priorNames)
    .default("standard")
    .describe(
      "p(z); standard: N(0, I); mixture: learned mixture of Gaussians; vamp: VampPrior; circle, swiss-roll: fixed ones of the plane, those of aae",
    ),
  components: z
    .int()
    .positive()
    .max(4096)
    .default(100)
    .describe("K: components of the priors mixture and vamp, in a conditional model of all classes together"),
};
export interface PriorConfig {
  readonly prior: (typeof priorNames)[number];
  readonly components: number;
}

/** p(z) as a value. */
export interface Prior {
  /** Whether it is N(0, I). */
  readonly standard: boolean;
  /** For a batch: [count, latentDim], one event a code; of the class that the context gives where it has components of each class. */
  of(count: number, context: Context): Distribution;
  /** KL(q(z|x) || p(z)), [batch] in nats: in closed form, or the average of log q - log p over samples z [samples, batch, latentDim]. */
  rate(q: Distribution, z: Tensor, context: Context): Tensor;
}

export interface PriorOptions {
  readonly latentDim: number;
  /** Of one example, and of a pseudo-input. */
  readonly shape: Shape;
  /** Whether an example's values, and so a pseudo-input's, are from 0 to 1. */
  readonly binaryData: boolean;
  /** q(z|x) of a batch of examples. */
  readonly posterior: (x: Tensor, context: Context) => Independent<Normal>;
  /** The condition by whose classes the components are divided up, in the order of the classes. */
  readonly byClass?: Extract<FieldSpec, { readonly kind: "class" }> | undefined;
}

/**
 * The priors of Tomczak & Welling 2018 (arXiv:1705.07120):
 *
 *   standard   p(z) = N(0, I)
 *   mixture    p(z) = 1/K sum_k N(mean_k, diag(std_k^2))       (section 3, "MoG")
 *   vamp       p(z) = 1/K sum_k q(z|u_k)                       (eq. 9)
 *
 * and the fixed ones of the plane in [fixed-priors.ts](fixed-priors.ts), of ten parts; with mean_k, std_k and the pseudo-inputs u_k learned along with everything else. A mixture's KL has no closed form: its
 * rate is estimated from the samples of the distortion (eq. 4), so that a single example's may be negative.
 */
export function prior({ prior: name, components }: PriorConfig, options: PriorOptions): Prior {
  const { latentDim, shape, byClass } = options;
  const classes = byClass?.classes.length ?? 1;
  if (name === "standard") return new StandardPrior(latentDim);
  if (name === "circle" || name === "swiss-roll") return new PlanarPrior(name, latentDim);
  const count = classes * Math.ceil(components / classes);
  return new MixturePrior(
    name === "mixture"
      ? new LearnedComponents(count, latentDim)
      : new PseudoInputs(new Variable([count, ...shape], initial), options),
    byClass,
  );
}

const initial = { kind: "normal", mean: 0, std: 1 } as const;

/** The estimate of KL(q || p), [batch], over samples z [samples, batch, latentDim] of q. */
const estimatedRate = (q: Distribution, p: Distribution, z: Tensor): Tensor => mean(q.logProb(z).sub(p.logProb(z)), 0);

class StandardPrior implements Prior {
  readonly standard = true;
  readonly #prior: FixedPrior;
  constructor(latentDim: number) {
    this.#prior = standardNormal(latentDim);
  }
  of(count: number): Distribution {
    return this.#prior(count);
  }
  rate(q: Distribution, z: Tensor): Tensor {
    const p = this.of(q.shape[0]!);
    return klIfClosed(q, p) ?? estimatedRate(q, p, z);
  }
}

const planar = { circle, "swiss-roll": swissRoll };
/** Parts of the fixed priors: nothing picks one of them. */
const PARTS = 10;

class PlanarPrior implements Prior {
  readonly standard = false;
  readonly #prior: FixedPrior;
  constructor(name: keyof typeof planar, latentDim: number) {
    if (latentDim !== 2)
      throw new ConfigError(`latentDim: the prior ${name} is one of the plane, got ${latentDim}, expected 2`);
    this.#prior = planar[name](PARTS);
  }
  of(count: number): Distribution {
    return this.#prior(count);
  }
  rate(q: Distribution, z: Tensor): Tensor {
    return estimatedRate(q, this.of(q.shape[0]!), z);
  }
}

/** The components of a mixture, [K, latentDim], one event each. */
interface Components {
  all(context: Context): Independent<Normal>;
}

class LearnedComponents implements Components {
  readonly means: Variable;
  readonly logVars: Variable;
  constructor(count: number, latentDim: number) {
    // Sampled from N(0, I), so that the components differ and cover the initial posteriors.
    this.means = new Variable([count, latentDim], initial);
    this.logVars = new Variable([count, latentDim], { kind: "constant", value: 0 });
  }
  all(): Independent<Normal> {
    return independent(new Normal(this.means, { logVar: this.logVars }), 1);
  }
}

class PseudoInputs implements Components {
  /** u_k, or their logits where values are from 0 to 1. */
  readonly inputs: Variable;
  readonly #options: PriorOptions;
  constructor(inputs: Variable, options: PriorOptions) {
    this.inputs = inputs;
    this.#options = options;
  }
  all(context: Context): Independent<Normal> {
    const { binaryData, posterior, byClass } = this.#options;
    const classes = byClass && { [byClass.name]: eachClass(byClass.classes.length, this.inputs.shape[0]!) };
    return posterior(binaryData ? sigmoid(this.inputs) : this.inputs, conditioned(context, classes));
  }
}

/** Classes for `rows` rows, as many of each, in the order of the classes. */
const eachClass = (classes: number, rows: number): Tensor =>
  constant(
    Array.from({ length: rows }, (_, row) => Math.floor((row * classes) / rows)),
    [rows],
    "int64",
  );

/** 1/K sum_k N(mean_k, diag(std_k^2)), over all components or, given a class, over those of each example's class. */
class MixturePrior implements Prior {
  readonly standard = false;
  readonly components: Components;
  readonly #byClass: PriorOptions["byClass"];
  constructor(components: Components, byClass: PriorOptions["byClass"]) {
    this.components = components;
    this.#byClass = byClass;
  }
  of(count: number, context: Context): Distribution {
    const { mean: means, logVar } = this.components.all(context).base;
    const [all, latentDim] = means.shape as [number, number];
    const label = this.#byClass && context.condition?.[this.#byClass.name];
    const classes = label ? this.#byClass.classes.length : 1;
    const own = (t: Tensor): Tensor => (label ? gather(reshape(t, [classes, -1, latentDim]), label) : t);
    const components = all / classes;
    const each = new Normal(own(means).broadcastTo([count, components, latentDim]), { logVar: own(logVar) });
    return new Mixture(constant(0).broadcastTo([components]), independent(each, 1));
  }
  rate(q: Distribution, z: Tensor, context: Context): Tensor {
    return estimatedRate(q, this.of(q.shape[0]!, context), z);
  }
}
