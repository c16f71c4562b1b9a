import { z } from "zod";
import { Delta } from "../../src/distributions/delta.ts";
import type { Distribution } from "../../src/distributions/distribution.ts";
import { independent } from "../../src/distributions/independent.ts";
import { Normal } from "../../src/distributions/normal.ts";
import { grad } from "../../src/graph/grad.ts";
import { type Shape, sizeOf } from "../../src/graph/shape.ts";
import { constant, noise, type Tensor } from "../../src/graph/tensor.ts";
import { defineModel } from "../../src/models/definition.ts";
import type { Codes, Latent } from "../../src/models/latent.ts";
import type { Batch, DataSpec, Model, Objective } from "../../src/models/model.ts";
import type { Context } from "../../src/nn/context.ts";
import { Linear } from "../../src/nn/linear.ts";
import { MLP } from "../../src/nn/mlp.ts";
import { parameters } from "../../src/nn/module.ts";
import { BatchNorm } from "../../src/nn/normalization.ts";
import { sqrt, square } from "../../src/ops/arithmetic.ts";
import { relu, sigmoid, stopGradient } from "../../src/ops/elementwise.ts";
import { flatten, reshape } from "../../src/ops/movement.ts";
import { mean, sum } from "../../src/ops/reduction.ts";
import { adam } from "../../src/optim/adam.ts";

interface WGANConfig {
  readonly latentDim: number;
  readonly hiddenDim: number;
  readonly criticSteps: number;
  readonly penalty: number;
}

/** A generator with batch normalization: z -> x, intensities by a sigmoid. */
class Generator {
  readonly layers: readonly Linear[];
  readonly norms: readonly BatchNorm[];
  readonly output: Linear;
  readonly #shape: Shape;
  readonly #intensities: boolean;

  constructor({ latentDim, hiddenDim }: WGANConfig, { shape, range }: DataSpec) {
    this.layers = [new Linear(latentDim, hiddenDim), new Linear(hiddenDim, hiddenDim)];
    this.norms = this.layers.map(() => new BatchNorm(hiddenDim));
    this.output = new Linear(hiddenDim, sizeOf(shape));
    this.#shape = shape;
    this.#intensities = range !== null;
  }

  apply(code: Tensor, context: Context): Tensor {
    const hidden = this.layers.reduce((h, layer, i) => relu(this.norms[i]!.apply(layer.apply(h), context)), code);
    const x = this.output.apply(hidden);
    return reshape(this.#intensities ? sigmoid(x) : x, [code.shape[0]!, ...this.#shape]);
  }
}

/**
 * Wasserstein GAN with gradient penalty (Gulrajani et al. 2017, arXiv:1704.00028, algorithm 1): `criticSteps` times a step, each on a
 * fresh batch,
 *
 *   L_critic = E[D(G(z))] - E[D(x)] + lambda E[(|dD(xHat)/dxHat| - 1)^2],   xHat = e x + (1 - e) G(z),   e ~ U[0, 1]
 *
 * then once L_generator = -E[D(G(z))]. Only the generator has EMA weights.
 */
class WGAN implements Model {
  readonly generator: Generator;
  readonly critic: MLP;
  readonly latents: readonly [Latent];
  readonly #config: WGANConfig;

  constructor(config: WGANConfig, data: DataSpec) {
    const { latentDim, hiddenDim } = config;
    this.#config = config;
    this.generator = new Generator(config, data);
    this.critic = new MLP([sizeOf(data.shape), hiddenDim, hiddenDim, 1], { activation: "leakyRelu" });
    this.latents = [
      {
        name: "z",
        shape: [latentDim],
        dtype: "float32",
        prior: (_, count) => this.#prior(count),
        standardNormal: true,
      },
    ];
  }

  decode({ z: code }: Codes, context: Context): Distribution {
    const x = this.generator.apply(code!, context);
    return independent(new Delta(x), x.shape.length - 1);
  }

  /** D(x), the critic's score. */
  discriminate(x: Tensor): Tensor {
    return reshape(this.critic.apply(flatten(x)), [x.shape[0]!]);
  }

  objectives({ x }: Batch, contextOf: (objective: string) => Context): readonly Objective[] {
    const { criticSteps, penalty } = this.#config;
    const batch = x.shape[0]!;
    const fakeOf = (objective: string): Tensor =>
      this.generator.apply(this.#prior(batch).sample(), contextOf(objective));

    const fake = stopGradient(fakeOf("critic"));
    const e = noise.uniform([batch, ...x.shape.slice(1).map(() => 1)]);
    const between = stopGradient(x.mul(e).add(fake.mul(e.neg().add(1))));
    const [gradient] = grad(sum(this.discriminate(between)), [between]);
    const norm = sqrt(sum(square(flatten(gradient!)), 1).add(1e-12));
    const wasserstein = mean(this.discriminate(x)).sub(mean(this.discriminate(fake)));
    const own = { optimizer: criticAdam };
    const prefixed = (name: "critic" | "generator") =>
      new Map([...parameters(this[name])].map(([path, v]) => [`${name}.${path}`, v]));
    return [
      {
        name: "critic",
        loss: wasserstein.neg().add(mean(square(norm.sub(1))).mul(penalty)),
        parameters: prefixed("critic"),
        metrics: { wasserstein },
        repeat: { times: criticSteps, batches: "fresh" },
        ema: false,
        ...own,
      },
      {
        name: "generator",
        loss: mean(this.discriminate(fakeOf("generator"))).neg(),
        parameters: prefixed("generator"),
        metrics: {},
        ...own,
      },
    ];
  }

  #prior(count: number): Distribution {
    return independent(new Normal(constant(0).broadcastTo([count, this.#config.latentDim]), 1), 1);
  }
}

/** alpha, beta1 = 0 and beta2 = 0.9 (section 4), at the run's own rate. */
const criticAdam: NonNullable<Objective["optimizer"]> = ({ scheduled }) =>
  adam({ learningRate: scheduled(1e-3), beta1: 0, beta2: 0.9 });

export const wganGP = defineModel<WGANConfig>({
  name: "proof-wgan-gp",
  summary: "Wasserstein GAN with gradient penalty",
  paper: "arXiv:1704.00028",
  config: z.strictObject({
    latentDim: z.int().positive().default(8),
    hiddenDim: z.int().positive().default(128),
    criticSteps: z.int().positive().default(5),
    penalty: z.number().min(0).default(1),
  }),
  build: (config, data) => new WGAN(config, data),
});
