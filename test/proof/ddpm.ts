import { z } from "zod";
import { constant, noise, type Tensor } from "../../src/graph/tensor.ts";
import { defineModel } from "../../src/models/definition.ts";
import type { Batch, DataSpec, FieldSpec, Model, Objective } from "../../src/models/model.ts";
import { guided, type Sampler } from "../../src/models/sampler.ts";
import { conditioned, type Context } from "../../src/nn/context.ts";
import { MLP } from "../../src/nn/mlp.ts";
import { parameters } from "../../src/nn/module.ts";
import { conditionSize, conditionVector } from "../../src/models/parts/condition-vector.ts";
import { sqrt, square } from "../../src/ops/arithmetic.ts";
import { cast, less, where } from "../../src/ops/comparison.ts";
import { cos, floor, sin } from "../../src/ops/elementwise.ts";
import { gather } from "../../src/ops/indexing.ts";
import { concat } from "../../src/ops/movement.ts";
import { mean, sum } from "../../src/ops/reduction.ts";

interface DDPMConfig {
  readonly steps: number;
  readonly hiddenDim: number;
  /** Probability of training without the class. */
  readonly drop: number;
}

interface DDPMOptions {
  readonly guidance: number;
}

/**
 * Denoising diffusion (Ho, Jain & Abbeel 2020, arXiv:2006.11239) with the class as a condition that may be missing, so that its samples can
 * be guided (Ho & Salimans 2022, arXiv:2207.12598):
 *
 *   loss = E |eps - eps_theta(sqrt(alphaBar_t) x + sqrt(1 - alphaBar_t) eps, t)|^2                               (eq. 14)
 *   x_(t-1) = 1/sqrt(alpha_t) (x_t - beta_t / sqrt(1 - alphaBar_t) eps_theta(x_t, t)) + sqrt(beta_t) noise      (algorithm 2)
 */
class DDPM implements Model {
  readonly network: MLP;
  readonly sampler: Sampler<DDPMOptions>;
  readonly condition?: NonNullable<Model["condition"]>;
  readonly #fields: readonly FieldSpec[];
  readonly #drop: number;
  readonly #alphaBars: readonly number[];

  constructor({ steps, hiddenDim, drop }: DDPMConfig, { shape, fields = [] }: DataSpec) {
    const [dim] = shape as [number];
    this.#fields = fields.filter(({ kind }) => kind === "class");
    this.#drop = drop;
    if (this.#fields.length > 0) this.condition = { fields: this.#fields, required: false };
    this.network = new MLP(
      [(1 + 2 * scales.length) * dim + 2 * frequencies.length + conditionSize(this.#fields), hiddenDim, hiddenDim, dim],
      {
        activation: "silu",
      },
    );
    const betas = Array.from({ length: steps }, (_, t) => 1e-4 + ((0.02 - 1e-4) * t) / (steps - 1));
    let product = 1;
    this.#alphaBars = betas.map((beta) => (product *= 1 - beta));
    this.sampler = {
      options: z.strictObject({
        guidance: z.number().min(0).max(100).default(1).describe("weight of classifier-free guidance; 1 for none"),
      }),
      schedule: () =>
        betas
          .map((beta, t) => ({ time: t / steps, beta, alphaBar: this.#alphaBars[t]!, last: Number(t === 0) }))
          .toReversed(),
      start: (count) => ({ x: noise.normal([count, dim]) }),
      step: ({ x }, { time, beta, alphaBar, last }, { guidance }, context) => {
        const eps = guided((given) => this.#predict(x!, time!.broadcastTo([x!.shape[0]!]), given), guidance, context);
        const center = x!.sub(eps.mul(beta!.div(sqrt(alphaBar!.neg().add(1))))).div(sqrt(beta!.neg().add(1)));
        return { x: center.add(noise.normal(x!.shape).mul(sqrt(beta!).mul(last!.neg().add(1)))) };
      },
      finish: ({ x }) => x!,
    };
  }

  /** eps_theta(x_t, t) for times from 0 to 1, [batch]. */
  #predict(x: Tensor, time: Tensor, context: Context): Tensor {
    const angles = time.reshape([-1, 1]).mul(constant(frequencies, [1, frequencies.length]));
    const y = this.#fields.length === 0 ? [] : [conditionVector(this.#fields, context, x.shape[0]!)];
    // Fourier features of x: without them a small network blurs what is narrow.
    const features = scales.flatMap((scale) => [sin(x.mul(scale)), cos(x.mul(scale))]);
    return this.network.apply(concat([x, ...features, sin(angles), cos(angles), ...y], 1));
  }

  /** The loss of each example, at one time each. */
  #losses(x: Tensor, context: Context): Tensor {
    const [batch] = x.shape as [number, number];
    const steps = this.#alphaBars.length;
    const t = floor(noise.uniform([batch]).mul(steps));
    const alphaBar = gather(constant(this.#alphaBars, [steps]), cast(t, "int64"), 0).reshape([batch, 1]);
    const eps = noise.normal(x.shape);
    const noisy = x.mul(sqrt(alphaBar)).add(eps.mul(sqrt(alphaBar.neg().add(1))));
    return sum(square(eps.sub(this.#predict(noisy, t.div(steps), context))), 1);
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const context = contextOf("loss");
    const label = context.condition?.["class"];
    const dropped = label && where(less(noise.uniform(label.shape), this.#drop), constant(-1, [], "int64"), label);
    const given = dropped ? conditioned(context, { class: dropped }) : context;
    return [{ name: "loss", loss: mean(this.#losses(x, given)), parameters: parameters(this), metrics: {} }];
  }

  validation(x: Tensor, context: Context): Readonly<Record<string, Tensor>> {
    return { loss: this.#losses(x, context) };
  }
}

const scales = [1, 2, 4].map((k) => (k * Math.PI) / 2);
const frequencies = [1, 2, 4, 8, 16, 32].map((k) => k * Math.PI);

export const ddpm = defineModel<DDPMConfig>({
  name: "proof-ddpm",
  summary: "Denoising diffusion",
  paper: "arXiv:2006.11239",
  config: z.strictObject({
    steps: z.int().min(2).default(1000),
    hiddenDim: z.int().positive().default(128),
    drop: z.number().min(0).max(1).default(0.3),
  }),
  build: (config, data) => new DDPM(config, data),
});
